package watch

import (
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/progress"
)

// TestRanks ranks candidates that have come to different steps, one of which
// diverged, and one whose second seed has not begun.
func TestRanks(t *testing.T) {
	w := New("")
	w.study.Growth.Lag, w.study.Growth.Schedule.Steps = 2, 10
	w.planned = []lag.PlannedRun{{Kind: progress.PhasePretrain}}
	add := func(name string, seed int64, ended, diverged bool, steps int, curve ...[2]float64) {
		if curve != nil {
			w.runs[name+string(rune('0'+seed))] = &watched{planned: len(w.planned), ended: ended, diverged: diverged, steps: steps, curve: curve}
		}
		w.planned = append(w.planned, lag.PlannedRun{Kind: progress.PhaseProbe, Name: name, Seed: seed, Steps: 10})
	}
	add("a", 1, true, false, 10, [2]float64{0, 5}, [2]float64{2, 4}, [2]float64{10, 2})
	add("b", 1, true, false, 10, [2]float64{0, 4}, [2]float64{2, 3}, [2]float64{10, 1})
	add("c", 1, true, true, 1, [2]float64{0, 3})
	add("d", 1, false, false, 3, [2]float64{0, 6}, [2]float64{2, 2})
	add("a", 2, true, false, 10, [2]float64{0, 5}, [2]float64{2, 1}, [2]float64{10, 0.5})
	add("b", 2, true, false, 10, [2]float64{0, 6}, [2]float64{2, 2}, [2]float64{10, 3.5})
	add("c", 2, false, false, 0)
	add("d", 2, false, false, 0)
	ranks, rho := w.rank()
	type row struct {
		strategy      string
		runs, ended   int
		step, among   int
		now, lag, end float64 // -1: none
		status        string
	}
	value := func(x *float64) float64 {
		if x == nil {
			return -1
		}
		return *x
	}
	for i, want := range []row{
		{"a", 2, 2, 10, 3, 1.5, 2, 1.5, "complete"}, // 2 and 1 at the end; 3 and 1 at the lag
		{"b", 2, 2, 10, 3, 1.5, 2, 1.5, "complete"},
		{"d", 1, 0, 2, 4, 1, 1, -1, "partial"}, // before a, b and c
		{"c", 1, 1, 0, 4, 1, 4, 3, "diverged"}, // the lowest at step 0, the last from its end on
	} {
		if i >= len(ranks) {
			t.Fatalf("%d ranks", len(ranks))
		}
		r := ranks[i]
		if got := (row{r.Strategy, r.Runs, r.Ended, r.Step, r.Among, value(r.Now), value(r.AtLag), value(r.AtEnd), r.Status}); got != want {
			t.Errorf("place %d: got %+v, want %+v", i+1, got, want)
		}
	}
	if *ranks[0].Final != 1.25 || ranks[2].Final != nil || *ranks[2].Loss != 2 {
		t.Errorf("the losses are %v, %v and %v", ranks[0].Final, ranks[2].Final, ranks[2].Loss)
	}
	if len(rho) != 0 {
		t.Errorf("two candidates are correlated: %v", rho)
	}
}
