package notebook

import (
	"testing"

	"github.com/landscape-aware/growing/lag/progress"
)

func TestWhere(t *testing.T) {
	at := func(phase progress.Phase, index, count int, done int64) progress.Event {
		return progress.Event{Phase: phase, Run: "stack", Index: index, Count: count, Done: done, Total: 150}
	}
	for _, test := range []struct {
		event progress.Event
		want  string
	}{
		{at(progress.PhaseTrain, 0, 1, 87), "Stopped at step 87 of 150; saved."},
		{at(progress.PhasePretrain, 0, 1, 87), "Stopped at step 87 of 150 (pretraining); saved."},
		{at(progress.PhaseProbe, 2, 17, 87), "Stopped at step 87 of 150 (candidate 3 of 17: stack); saved."},
		{at(progress.PhaseStack, 0, 1, 87), "Stopped at step 87 of 150 (arm: stack); saved."},
		{at(progress.PhaseControl, 0, 2, 0), "Stopped before training began (control 1 of 2: stack); nothing is lost."},
		{at(progress.PhasePrepare, 0, 1, 5), "Stopped while preparing the data (stack); what was complete is kept."},
		{at(progress.PhaseMeasure, 2, 13, 0), "Stopped while measuring model 3 of 13 (stack); what was measured is kept."},
		{progress.Event{Phase: progress.PhaseProbe, Run: "stack", Done: 3, Total: 150, Whole: progress.Whole{Done: 5, Runs: 90}}, "Stopped following the workers, which go on; 5 of 90 runs were done."},
	} {
		var p position
		p.set(test.event)
		if got := p.where(true); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
