package lag

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// analyzeConfig is a study of four candidates, 10 steps, a lag of 2.
func analyzeConfig(t *testing.T) Config {
	t.Helper()
	c, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	c.Growth.Schedule.Steps, c.Growth.ProbeSteps = 10, 2
	return c
}

// outcome makes a candidate from its losses at steps 0, 1, 2, 4, 5, 6, 8 and 10,
// where the smoke preset's study evaluates; fewer losses are a divergence.
func outcome(t *testing.T, c Config, name string, losses ...float64) Outcome {
	t.Helper()
	o := Outcome{Name: name, Status: StatusComplete, Final: undefined()}
	steps := c.Growth.evaluationSteps()
	if len(steps) != 8 {
		t.Fatalf("the study evaluates at %v, want 8 steps", steps)
	}
	for i, l := range losses {
		o.Curve = append(o.Curve, Point{steps[i], Number(l)})
	}
	if len(losses) < len(steps) {
		o.Status = StatusDiverged
	} else {
		o.Final = Number(losses[len(losses)-1])
	}
	return o
}

var readingSource = Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}

// TestAnalyze: curves whose order at the start is the reverse of the end's and
// turns at step 2.
func TestAnalyze(t *testing.T) {
	c := analyzeConfig(t)
	r := c.analyze(readingSource, []Outcome{
		outcome(t, c, "a", 4.4, 4.3, 3.1, 3.1, 3.1, 3.1, 3.1, 2.0),
		outcome(t, c, "b", 4.3, 4.2, 3.2, 3.2, 3.2, 3.2, 3.2, 2.1),
		outcome(t, c, "c", 4.2, 4.1, 3.3, 3.3, 3.3, 3.3, 3.3, 2.3),
		outcome(t, c, "d", 4.1, 4.0, 3.4, 3.4, 3.4, 3.4, 3.4, 2.6),
	})
	if rho := r.Correlation[0].Spearman; rho != -1 {
		t.Errorf("rho at step 0 is %v, want -1", rho)
	}
	if r.LagSteps == nil || *r.LagSteps != 2 {
		t.Errorf("the lag time is %v, want 2", r.LagSteps)
	}
	step := c.Model.WithLayers(2).FLOPsPerStep(c.BatchSize, 16, 2)
	for rule, want := range map[string]Pick{
		RuleLAG:        {Rule: RuleLAG, Strategy: "a", ExtraFLOPs: 3 * 2 * step},
		RuleLossAtInit: {Rule: RuleLossAtInit, Strategy: "d", Regret: 0.6, RegretNorm: 3},
		RuleRandom:     {Rule: RuleRandom, Regret: 0.25, RegretNorm: 1.25},
		RuleOracle:     {Rule: RuleOracle, Strategy: "a", ExtraFLOPs: 3 * 10 * step},
	} {
		got, ok := r.Pick(rule)
		if !ok || got.Strategy != want.Strategy || got.ExtraFLOPs != want.ExtraFLOPs ||
			math.Abs(float64(got.Regret-want.Regret)) > 1e-12 || math.Abs(float64(got.RegretNorm-want.RegretNorm)) > 1e-12 {
			t.Errorf("%s: got %+v, want %+v", rule, got, want)
		}
	}
	if !strings.Contains(r.Verdict, "LAG picks a") || !strings.Contains(r.Verdict, "picks d, 0.6000") {
		t.Errorf("verdict: %s", r.Verdict)
	}
	if len(r.Warnings) != 2 {
		t.Errorf("warnings %q, want those of few strategies and one seed", r.Warnings)
	}
}

// TestAnalyzeDivergence: a candidate that was ahead and diverged ranks last,
// and is picked by the rule that saw it ahead.
func TestAnalyzeDivergence(t *testing.T) {
	c := analyzeConfig(t)
	outcomes := []Outcome{
		outcome(t, c, "good", 4, 4, 3.2, 3, 3, 3, 3, 2),
		outcome(t, c, "fair", 4.1, 4.1, 3.3, 3.1, 3.1, 3.1, 3.1, 2.1),
		outcome(t, c, "lost", 3, 3, 3),
	}
	r := c.analyze(readingSource, outcomes)
	if rho := r.Correlation[0].Spearman; rho != -0.5 {
		t.Errorf("rho at step 0 is %v, want -0.5: the diverged candidate ranks last", rho)
	}
	if pick, _ := r.Pick(RuleLAG); pick.Strategy != "lost" || !math.IsInf(float64(pick.Regret), 1) {
		t.Errorf("LAG's pick is %+v, want the diverged candidate with infinite regret", pick)
	}
	if !strings.Contains(strings.Join(r.Warnings, " "), "1 of 3 candidates diverged") {
		t.Errorf("warnings: %q", r.Warnings)
	}
	for _, o := range outcomes {
		if o.Name != "lost" {
			continue
		}
		all := c.analyze(readingSource, []Outcome{o, o})
		if strings.Contains(all.Verdict, "NaN") || !strings.Contains(all.Verdict, "No candidate is left") {
			t.Errorf("verdict where all diverged: %s", all.Verdict)
		}
		if _, err := json.Marshal(all); err != nil {
			t.Error(err)
		}
	}
}

func TestLeftPlateau(t *testing.T) {
	for _, test := range []struct {
		name string
		Source
		want bool
	}{
		{"reads", Source{Loss: 4.7, ShuffledLoss: 5, UnigramEntropy: 5}, true},
		{"counts the corpus", Source{Loss: 4.8, ShuffledLoss: 6, UnigramEntropy: 5}, false},
		{"counts the document", Source{Loss: 4.5, ShuffledLoss: 4.7, UnigramEntropy: 5}, false},
		{"unknown", Source{Loss: 4.5, ShuffledLoss: undefined(), UnigramEntropy: 5}, false},
	} {
		if got := test.LeftPlateau(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if !test.want && !strings.Contains(strings.Join(warnings(&Result{Source: test.Source}), " "), "still on the unigram plateau") {
			t.Errorf("%s: no warning", test.name)
		}
	}
}
