package lag_test

import (
	"context"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// TestSelectWithFailure checks that a selection skips a candidate that fails,
// and that it is an error if the picked candidate or all candidates fail.
func TestSelectWithFailure(t *testing.T) {
	config := smoke(t)
	config.Growth.Strategies = []string{"stack", "stack-zero", "random-top"}
	rule := selection.LAG{Lag: config.Growth.Lag}
	want, err := open(t, config, t.TempDir()).Select(context.Background(), rule, 1)
	if err != nil {
		t.Fatal(err)
	}
	pick := func(fails func(progress.Event, testbackend.Operation) error) (*result.Selected, error) {
		s, err := lag.Open(config, (&failingDevice{fails: fails}).options(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Select(context.Background(), rule, 1)
	}
	got, err := pick(failsIn(want.Strategy, 1))
	if err != nil || got.Strategy == want.Strategy || got.Strategy == "" || len(got.Failures) != 1 || got.Failures[0].Run != want.Strategy {
		t.Errorf("one candidate failed: got %+v, %v, want another pick and a report of the failure", got, err)
	}
	if got, err := pick(failsIn(want.Strategy, int64(rule.Lag)+1)); err == nil || !strings.Contains(err.Error(), "strategy "+want.Strategy) || !strings.Contains(err.Error(), "Out of memory") {
		t.Errorf("the pick failed: got %+v and error %v", got, err)
	}
	if got, err := pick(func(e progress.Event, _ testbackend.Operation) error {
		if e.Phase == progress.PhaseProbe {
			return errMemory
		}
		return nil
	}); err == nil || !strings.Contains(err.Error(), "all candidates that the rule followed diverged or failed") {
		t.Errorf("all candidates failed: got %+v and error %v", got, err)
	}
	config.Growth.Rules = []string{"decay:4,3", "oracle"}
	weak := &failingDevice{fails: func(e progress.Event, _ testbackend.Operation) error {
		if e.Phase == progress.PhaseBranch {
			return errMemory
		}
		return nil
	}}
	s, err := lag.Open(config, weak.options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.Select(context.Background(), selection.Decay{Probe: 4, Length: 3}, 1); err == nil || !strings.Contains(err.Error(), "all candidates that the rule followed diverged or failed") {
		t.Errorf("all branches failed: got %+v and error %v", got, err)
	}
}

// TestLearningFails checks that a failure of the device while coefficients are
// learned is a failure of their candidate.
func TestLearningFails(t *testing.T) {
	config := learning(t, "bert")
	complete, compiled := false, false
	d := &failingDevice{}
	d.fails = func(e progress.Event, op testbackend.Operation) error {
		// The program that learns is compiled after the candidate "stack" and its
		// decay branch are complete.
		complete = complete || e.Phase == progress.PhaseProbe && e.Run == "stack" && e.Done == e.Total
		if compiled = compiled || complete && op == testbackend.Compile; compiled {
			return errMemory
		}
		return nil
	}
	study, err := d.run(t, config, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range study.Strategies {
		if want := map[string]result.Status{"stack": result.StatusComplete, "ligo": result.StatusFailed}[o.Name]; o.Status != want {
			t.Errorf("%s is %s, want %s", o.Name, o.Status, want)
		}
	}
}
