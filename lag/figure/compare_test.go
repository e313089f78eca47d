package figure

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

// comparison returns a comparison of studies that were made up.
func comparison(t *testing.T, studies ...aggregate.Named) *aggregate.Comparison {
	t.Helper()
	c, err := aggregate.Compare(studies...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompare(t *testing.T) {
	short, long := synthetic.Result(6, 16, 1), synthetic.Result(6, 12, 2)
	same := comparison(t, aggregate.Named{Name: "one", Study: short}, aggregate.Named{Name: "two", Study: long})
	f := Compare(same)
	checkFigure(t, f)
	if same.ByShare || !bytes.Contains(f.VegaLite, []byte(stepTitle)) {
		t.Error("studies of the same length are not drawn against steps")
	}
	shorter := *long
	shorter.Steps, shorter.LagTime = long.Steps/2, nil
	byShare := comparison(t, aggregate.Named{Name: "one", Study: short}, aggregate.Named{Name: strings.Repeat("a long name ", 12), Study: &shorter})
	f = Compare(byShare)
	checkFigure(t, f)
	for _, want := range []string{"share of the training after growing", "never", "loss at initialization"} {
		if !bytes.Contains(f.VegaLite, []byte(want)) || !bytes.Contains(f.SVG, []byte(want)) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	many := []aggregate.Named{}
	for i := range 12 {
		many = append(many, aggregate.Named{Name: strings.Repeat("s", i+1), Study: short})
	}
	checkFigure(t, Compare(comparison(t, many...)))
	checkFigure(t, Compare(comparison(t, aggregate.Named{Name: "empty", Study: &result.Study{}}, aggregate.Named{Name: "one", Study: short})))
	if f := Compare(&aggregate.Comparison{}); !errors.Is(f.Err, ErrNoData) {
		t.Errorf("nothing is drawn with error %v", f.Err)
	}
}
