package selfcheck

import (
	"context"
	"errors"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// TestEngines checks every engine of this machine.
func TestEngines(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		widths := Widths
		if testing.Short() && b.Kind != backend.Go {
			widths = []int{1, 17, 64}
		}
		report, err := Run(t.Context(), b, widths)
		if err != nil {
			t.Fatal(err)
		}
		if report.Widths != len(widths) || report.Families != len(families) || report.Worst == 0 {
			t.Errorf("it compared %+v", report)
		}
		t.Logf("%s; the worst is %s", report, report.Where)
	})
}

// TestWrong checks that a graph that computes something else is noticed, at the
// width where it does.
func TestWrong(t *testing.T) {
	b := testbackend.Go(t)
	for i, f := range families {
		before := f.graph
		families[i].graph = func(in graphInputs) *Node {
			out := before(in)
			if in.x.Shape().Dimensions[1] == 3 {
				out = MulScalar(out, 1+3*Limit)
			}
			return out
		}
		_, err := Run(t.Context(), b, []int{2, 3})
		families[i].graph = before
		wrong, ok := errors.AsType[*WrongError](err)
		if !ok || wrong.Family != f.name || wrong.Width != 3 {
			t.Errorf("%s: %v", f.name, err)
		}
	}
	var r Report
	if r.check("nothing", 1, []float32{float32(math.NaN())}, []float64{1}) == nil {
		t.Error("a NaN counts as right")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, b, Widths); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancellation: %v", err)
	}
}
