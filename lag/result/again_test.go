package result

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/selection"
)

// TestAgain checks that a result that was written and read gives the same bytes
// when it is analyzed again. It has a decay branch that stopped, a candidate
// that diverged and losses on single batches.
func TestAgain(t *testing.T) {
	a, b, c, d := outcome("a", 4, 4, 3, 3, 3, 3, 3, 2.0), outcome("b", 5, 4, 3.5, 3, 3, 3, 3, 2.1), outcome("c", 6, 5), outcome("d", 7, 6, 4, 4, 4, 4, 4, 2.2)
	for i, o := range []*Outcome{&a, &b, &c, &d} {
		loss := []float64{2.5, 2.6, 2.7, math.Inf(1)}[i]
		o.Signals = []Signal{DecayedLoss(1, 3, loss), {Name: SignalGradientNorm, Value: Undefined()}}
		o.Summary, o.Map = "copy", []int{0, 0}
		if o.Status == StatusComplete {
			o.Batches = []BatchLosses{{2, []float64{3, 4 + 0.1*float64(i)}}, {10, []float64{2, 2.1 + 0.1*float64(i)}}}
		}
	}
	r := &Study{
		Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, From: 1, To: 2, Steps: 10, Lag: 2,
		Seeds: []int64{0}, Strategies: []Outcome{a, b, c, d},
	}
	rules := append([]selection.Rule{selection.Decay{Probe: 1, Length: 3}, selection.Top{Keep: 2, Probe: 2}}, analyzeRules...)
	if err := r.Analyze(context.Background(), rules); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again Study
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	// Remove everything that Again must compute from the outcomes.
	again.Correlation, again.LagTime, again.Signals, again.Picks, again.Pairs, again.Warnings, again.Verdict = nil, nil, nil, nil, nil, nil, ""
	again.Noise = Noise{}
	for i := range again.Rules {
		again.Rules[i] = RuleSummary{Rule: again.Rules[i].Rule}
	}
	if err := again.Again(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(again)
	if diff := cmp.Diff(string(text), string(got)); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	if pick, _ := again.Pick("decay"); pick.Strategy != "a" {
		t.Errorf("the decay branch picks %s, want a", pick.Strategy)
	}
}
