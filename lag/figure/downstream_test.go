package figure

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func TestDownstream(t *testing.T) {
	for _, seeds := range []int{1, 3} {
		r := synthetic.Result(6, 16, seeds)
		d := synthetic.Downstream(1, r)
		f := Downstream(r, d)
		checkFigure(t, f)
		for _, want := range []string{"follow", "loss on news.txt", "CoLA", "accuracy", "nats/token", "most frequent class"} {
			if !strings.Contains(string(f.SVG), want) {
				t.Errorf("%d seeds: the drawing has no %q", seeds, want)
			}
		}
		if !strings.Contains(f.Alt, "loss on news.txt 0.9") && !strings.Contains(f.Alt, "loss on news.txt 1.0") {
			t.Errorf("%d seeds: the loss that follows the final one has another correlation: %s", seeds, f.Alt)
		}
		first := r.Strategies[0].Name
		d.Scores = slices.DeleteFunc(d.Scores, func(s result.DownstreamScore) bool { return s.Strategy != "" && s.Strategy != first })
		checkFigure(t, Downstream(r, d))
		d.Scores = d.Scores[:3] // of the source
		if f := Downstream(r, d); !errors.Is(f.Err, ErrNoData) {
			t.Errorf("without a strategy: %v", f.Err)
		}
		if f := Downstream(r, nil); !errors.Is(f.Err, ErrNoData) {
			t.Errorf("without measurements: %v", f.Err)
		}
		long := synthetic.Downstream(1, r)
		for i := range long.Tasks {
			for k := range long.Scores {
				if long.Scores[k].Task == long.Tasks[i].Name {
					long.Scores[k].Task = strings.Repeat("long ", 20) + long.Tasks[i].Name
				}
			}
			long.Tasks[i].Name = strings.Repeat("long ", 20) + long.Tasks[i].Name
		}
		checkFigure(t, Downstream(r, long))
	}
	empty := synthetic.Result(6, 16, 1)
	for i := range empty.Strategies {
		empty.Strategies[i].Status, empty.Strategies[i].Final = result.StatusDiverged, result.Undefined()
	}
	if f := Downstream(empty, synthetic.Downstream(1, synthetic.Result(6, 16, 1))); !errors.Is(f.Err, ErrNoData) {
		t.Errorf("all diverged: %v", f.Err)
	}
}
