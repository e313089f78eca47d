package result

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/selection"
)

// analyzeSteps are the steps at which the made-up candidates are evaluated.
// analyzeRules are the rules compared on them.
var (
	analyzeSteps = []int{0, 1, 2, 4, 5, 6, 8, 10}
	analyzeRules = []selection.Rule{selection.LAG{Lag: 2}, selection.LossAtInit{}, selection.Random{Seed: 1}, selection.Oracle{}}
)

const analyzeFLOPs = 1e6 // per step

// outcome makes a candidate from its losses at analyzeSteps. If there are fewer
// losses, it diverged in the step after the last one.
func outcome(name string, losses ...float64) Outcome {
	o := Outcome{Name: name, Status: StatusComplete, Final: Undefined()}
	for i, l := range losses {
		o.Curve = append(o.Curve, Point{analyzeSteps[i], Number(l)})
	}
	last := o.Curve[len(o.Curve)-1]
	if len(losses) < len(analyzeSteps) {
		step := last.Step + 1
		o.Status, o.DivergedAt = StatusDiverged, &step
	} else {
		o.Final = last.Loss
	}
	o.FLOPs = analyzeFLOPs * float64(o.Trained())
	return o
}

// analyzed returns the analyzed study of these outcomes, with one seed, 10
// steps and a lag of 2.
func analyzed(t *testing.T, outcomes ...Outcome) *Study {
	t.Helper()
	r := &Study{
		Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, From: 1, To: 2, Steps: 10, Lag: 2,
		Seeds: []int64{0}, Strategies: outcomes,
	}
	if err := r.Analyze(context.Background(), analyzeRules); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAnalyze uses curves whose order at the start is the reverse of the final
// order, and which cross at step 2.
func TestAnalyze(t *testing.T) {
	r := analyzed(t,
		outcome("a", 4.4, 4.3, 3.1, 3.1, 3.1, 3.1, 3.1, 2.0),
		outcome("b", 4.3, 4.2, 3.2, 3.2, 3.2, 3.2, 3.2, 2.1),
		outcome("c", 4.2, 4.1, 3.3, 3.3, 3.3, 3.3, 3.3, 2.3),
		outcome("d", 4.1, 4.0, 3.4, 3.4, 3.4, 3.4, 3.4, 2.6),
	)
	if rho := r.Correlation[0].Spearman; rho != -1 {
		t.Errorf("rho at step 0 is %v, want -1", rho)
	}
	if r.LagTime == nil || *r.LagTime != 2 {
		t.Errorf("the lag time is %v, want 2", r.LagTime)
	}
	for rule, want := range map[string]Pick{
		RuleLAG:        {Rule: "lag:2", Strategy: "a", ExtraSteps: 3 * 2},
		RuleLossAtInit: {Rule: RuleLossAtInit, Strategy: "d", Regret: 0.6, RegretNorm: 3},
		RuleRandom:     {Rule: RuleRandom, Regret: 0.25, RegretNorm: 1.25},
		RuleOracle:     {Rule: RuleOracle, Strategy: "a", ExtraSteps: 3 * 10},
	} {
		got, ok := r.Pick(rule)
		want.ExtraFLOPs = analyzeFLOPs * float64(want.ExtraSteps)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Number) bool { return math.Abs(float64(a-b)) < 1e-9 })); diff != "" || !ok {
			t.Errorf("%s: %s", rule, diff)
		}
	}
	for rule, hit := range map[string][2]float64{RuleLAG: {1, 1}, RuleLossAtInit: {0, 0}, RuleRandom: {0.25, 0.75}, RuleOracle: {1, 1}} {
		if got, ok := r.Rule(rule); !ok || got.Hit1 != hit[0] || got.Hit3 != hit[1] {
			t.Errorf("%s: share of best picks %v, of picks among the best three %v, want %v", rule, got.Hit1, got.Hit3, hit)
		}
	}
	if !strings.Contains(r.Verdict, "LAG picks a") || !strings.Contains(r.Verdict, "picks d, 0.6000") {
		t.Errorf("verdict: %s", r.Verdict)
	}
	if len(r.Warnings) != 2 {
		t.Errorf("warnings %q, want one about few strategies and one about one seed", r.Warnings)
	}
}

// TestAnalyzeSeeds checks the means of picks over two seeds. With one of them
// the order of two strategies at the lag is right, with the other it is wrong.
func TestAnalyzeSeeds(t *testing.T) {
	r := &Study{
		Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, From: 1, To: 2, Steps: 10, Lag: 2, Seeds: []int64{7, 8},
		Strategies: []Outcome{
			outcome("a", 4, 4, 3.0, 3, 3, 3, 3, 2.0), outcome("b", 4, 4, 3.1, 3, 3, 3, 3, 2.2),
			outcome("a", 4, 4, 3.1, 3, 3, 3, 3, 2.1), outcome("b", 4, 4, 3.0, 3, 3, 3, 3, 2.3),
		},
	}
	if err := r.Analyze(context.Background(), analyzeRules); err != nil {
		t.Fatal(err)
	}
	lag, _ := r.Rule(RuleLAG)
	if math.Abs(float64(lag.Regret)-0.1) > 1e-9 || lag.Hit1 != 0.5 || lag.Hit3 != 1 || lag.ExtraFLOPs != 2*analyzeFLOPs {
		t.Errorf("LAG over both seeds: %+v, want a regret of 0.1, half of the picks right, two extra steps", lag)
	}
	var at []Correlation
	for _, c := range r.Correlation {
		if c.Step == 2 || c.Step == 10 {
			at = append(at, c)
		}
	}
	if len(at) != 2 || at[0].Spearman != 0 || at[1].Spearman != 1 {
		t.Errorf("the means are %+v; at step 2 rho is 1 with one seed and -1 with the other, at the end it is 1 with both", at)
	}
	// The strategies' means differ by 0.2. The seeds add the same to both.
	if !(float64(r.Noise.Seeds) < 1e-9) || math.Abs(float64(r.Noise.Strategies)-0.2/math.Sqrt2) > 1e-9 || r.Noise.IsNoise {
		t.Errorf("noise: %+v", r.Noise)
	}
}

// TestAnalyzeDivergence checks that a candidate that was ahead and then
// diverged ranks last, and that a rule that saw it ahead picks it.
func TestAnalyzeDivergence(t *testing.T) {
	lost := outcome("lost", 3, 3, 3)
	r := analyzed(t,
		outcome("good", 4, 4, 3.2, 3, 3, 3, 3, 2),
		outcome("fair", 4.1, 4.1, 3.3, 3.1, 3.1, 3.1, 3.1, 2.1),
		lost,
	)
	if rho := r.Correlation[0].Spearman; rho != -0.5 {
		t.Errorf("rho at step 0 is %v, want -0.5: the diverged candidate ranks last", rho)
	}
	if pick, _ := r.Pick(RuleLAG); pick.Strategy != "lost" || !math.IsInf(float64(pick.Regret), 1) {
		t.Errorf("LAG's pick is %+v, want the diverged candidate with infinite regret", pick)
	}
	if !strings.Contains(strings.Join(r.Warnings, " "), "1 of 3 candidates diverged") {
		t.Errorf("warnings: %q", r.Warnings)
	}
	other := lost
	other.Name = "lost too"
	all := analyzed(t, lost, other)
	if strings.Contains(all.Verdict, "NaN") || !strings.Contains(all.Verdict, "No candidate is left") {
		t.Errorf("verdict when all diverged: %s", all.Verdict)
	}
	if _, err := json.Marshal(all); err != nil {
		t.Error(err)
	}
}

// TestCompare checks that a control is compared with the pick of each seed.
func TestCompare(t *testing.T) {
	candidate := func(name string, seed int64, early, final float64) Outcome {
		return Outcome{Name: name, Seed: seed, Status: StatusComplete, Final: Number(final), FLOPs: 10,
			Curve: []Point{{Step: 0, Loss: 9}, {Step: 2, Loss: Number(early)}, {Step: 10, Loss: Number(final)}}}
	}
	control := func(seed int64, final float64) ControlOutcome {
		return ControlOutcome{Name: ControlScratch, Seed: seed, Status: StatusComplete, Final: Number(final), FLOPs: float64(seed)}
	}
	r := &Study{
		Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, Steps: 10, Lag: 2, Seeds: []int64{1, 2},
		Strategies: []Outcome{
			candidate("a", 1, 5, 3), candidate("b", 1, 6, 2), // LAG picks a
			candidate("a", 2, 6, 3), candidate("b", 2, 5, 1), // and b
		},
		Controls: []ControlOutcome{control(1, 2.5), control(2, 3.5)},
	}
	analyze := func() Comparison {
		t.Helper()
		if err := r.Analyze(context.Background(), analyzeRules); err != nil {
			t.Fatal(err)
		}
		if len(r.Comparisons) != 1 {
			t.Fatalf("%d comparisons, want 1", len(r.Comparisons))
		}
		return r.Comparisons[0]
	}
	// The differences are -0.5 and 2.5: their standard deviation is 3/sqrt(2),
	// over two seeds.
	want := Comparison{Control: ControlScratch, Final: 3, FLOPs: 1.5, Difference: 1, Error: 1.5, PickFLOPs: 2, BeatenBy: 0.75}
	got := analyze()
	if got.Error = Number(math.Round(1e9*float64(got.Error)) / 1e9); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// A candidate that does not reach the end does not count.
	at := 5
	r.Strategies[1].Status, r.Strategies[1].FailedAt, r.Strategies[1].Final, r.Strategies[1].Curve = StatusFailed, &at, Undefined(), r.Strategies[1].Curve[:2]
	if got := analyze().BeatenBy; math.Abs(float64(got)-2.0/3) > 1e-12 {
		t.Errorf("the share of lower candidates is %v, want two of three", got)
	}
	r.Controls[1].Status, r.Controls[1].Final = StatusDiverged, Undefined()
	if c := analyze(); !math.IsNaN(float64(c.Final)) || !math.IsNaN(float64(c.BeatenBy)) || !strings.Contains(r.Verdict, "does not get to the end") {
		t.Errorf("the comparison of a control that diverged is %+v; %s", c, r.Verdict)
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
		{"has no shuffled loss", Source{Loss: 4.5, ShuffledLoss: Undefined(), UnigramEntropy: 5}, true},
		{"has no shuffled loss and counts", Source{Loss: 4.8, ShuffledLoss: Undefined(), UnigramEntropy: 5}, false},
		{"unknown", Source{Loss: Undefined(), ShuffledLoss: 6, UnigramEntropy: 5}, false},
	} {
		if got := test.LeftPlateau(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if !test.want && !strings.Contains(strings.Join(warnings(&Study{Source: test.Source}), " "), "still on the unigram plateau") {
			t.Errorf("%s: no warning", test.name)
		}
	}
}

// TestPlateauAdvice: a model that was given is not to be pretrained for longer
// than the 0 steps that it was pretrained here.
func TestPlateauAdvice(t *testing.T) {
	for steps, want := range map[int]string{
		0: "It was given and not pretrained here; train it on this text first (pretrain.schedule.steps).",
		1: "Pretrain it longer than its 1 step (pretrain.schedule.steps).",
		9: "Pretrain it longer than its 9 steps (pretrain.schedule.steps).",
	} {
		got := warnings(&Study{Source: Source{Steps: steps, Loss: 4.8, ShuffledLoss: 6, UnigramEntropy: 5}})[0]
		if !strings.HasSuffix(got, want) {
			t.Errorf("after %d steps: %s", steps, got)
		}
	}
}

// TestOtherRates checks that a warning names the strategies whose learning rate
// at the lag differs from most, whatever the order of the pool.
func TestOtherRates(t *testing.T) {
	candidates := func(rates ...float64) []Outcome {
		var list []Outcome
		for i, rate := range rates {
			o := outcome(string(rune('a'+i)), 4, 4, 3, 3, 3, 3, 3, 2+float64(i))
			o.RateAtLag = rate
			list = append(list, o)
		}
		return list
	}
	for _, test := range []struct {
		rates []float64
		want  string
	}{
		{[]float64{1e-3, 1e-3, 1e-3}, ""},
		{[]float64{5e-4, 1e-3, 1e-3}, "a"},
		{[]float64{1e-3, 5e-4, 1e-3, 1e-3, 2e-4}, "b, e"},
	} {
		r := analyzed(t, candidates(test.rates...)...)
		if got := strings.Join(r.otherRates(), ", "); got != test.want {
			t.Errorf("rates %v: strategies with other rates are %q, want %q", test.rates, got, test.want)
		}
		if warned := strings.Contains(strings.Join(r.Warnings, " "), "another learning rate"); warned != (test.want != "") {
			t.Errorf("rates %v: warned %t", test.rates, warned)
		}
	}
}

// TestBranchesApart checks that two decay branches that end at the same step
// are kept apart.
func TestBranchesApart(t *testing.T) {
	a, b := outcome("a", 4, 4, 3, 3, 3, 3, 3, 2.0), outcome("b", 4, 4, 3, 3, 3, 3, 3, 2.1)
	a.Signals = []Signal{DecayedLoss(1, 3, 2.5), DecayedLoss(2, 2, 2.8)}
	b.Signals = []Signal{DecayedLoss(1, 3, 2.6), DecayedLoss(2, 2, 2.7)}
	r := analyzed(t, a, b)
	picks, err := r.Replay(context.Background(), []selection.Rule{selection.Decay{Probe: 1, Length: 3}, selection.Decay{Probe: 2, Length: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if picks[0].Strategy != "a" || picks[1].Strategy != "b" {
		t.Errorf("the branches of 3 and of 2 steps pick %s and %s, want a and b", picks[0].Strategy, picks[1].Strategy)
	}
	if _, err := r.Replay(context.Background(), []selection.Rule{selection.Decay{Probe: 3, Length: 1}}); err == nil {
		t.Error("no error for a branch that was not trained")
	}
}

// TestAnalyzeAgain checks that the pairs of a result are the same when it is
// written, read and analyzed again.
func TestAnalyzeAgain(t *testing.T) {
	a, b := outcome("a", 4, 4, 3, 3, 3, 3, 3, 2.0), outcome("b", 4, 4, 3, 3, 3, 3, 3, 2.1)
	for _, step := range []int{2, 10} {
		a.Batches = append(a.Batches, BatchLosses{step, []float64{1.9, 2.1}})
		b.Batches = append(b.Batches, BatchLosses{step, []float64{2.0, 2.3}})
	}
	first := analyzed(t, a, b)
	text, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	var again Study
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if err := again.Analyze(context.Background(), analyzeRules); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(again); err != nil || string(got) != string(text) {
		t.Errorf("analyzed again: %v, %s", err, cmp.Diff(string(text), string(got)))
	}
}

// TestAnalyzeFailure checks that a strategy whose device failed with one seed
// is picked with no seed, even if it was ahead, and that the regrets of the
// others are the same as without it.
func TestAnalyzeFailure(t *testing.T) {
	build := func(names ...string) *Study {
		r := &Study{Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, From: 1, To: 2, Steps: 10, Lag: 2, Seeds: []int64{1, 2}}
		curves := map[string][][]float64{
			"a": {{5, 5, 4.0, 4, 4, 4, 4, 3.0}, {5, 5, 4.1, 4, 4, 4, 4, 3.1}},
			"b": {{4, 4, 3.0, 3, 3, 3, 3, 2.0}, {4, 4, 3.1, 3, 3}},
			"c": {{6, 6, 4.5, 4, 4, 4, 4, 2.5}, {6, 6, 4.6, 4, 4, 4, 4, 2.7}},
			"d": {{7, 7, 5.5, 5, 5, 5, 5, 3.5}, {7, 7, 5.6, 5, 5, 5, 5, 3.6}},
		}
		for k, seed := range r.Seeds {
			for _, name := range names {
				o := outcome(name, curves[name][k]...)
				if o.Seed = seed; o.Status == StatusDiverged {
					o.Status, o.FailedAt, o.DivergedAt = StatusFailed, o.DivergedAt, nil
				}
				r.Strategies = append(r.Strategies, o)
			}
		}
		if err := r.Analyze(context.Background(), analyzeRules); err != nil {
			t.Fatal(err)
		}
		return r
	}
	with, without := build("a", "b", "c", "d"), build("a", "c", "d")
	for i, p := range with.Picks {
		if want := without.Picks[i]; p.Strategy != want.Strategy || p.Regret != want.Regret || p.RegretNorm != want.RegretNorm {
			t.Errorf("%s under seed %d picks %+v, want %+v as without the failed strategy", p.Rule, p.Seed, p, want)
		}
	}
	for i, s := range with.Rules {
		if want := without.Rules[i]; s.Hit1 != want.Hit1 || s.Regret != want.Regret {
			t.Errorf("%+v, want %+v as without the failed strategy", s, want)
		}
	}
	asJSON := func(r *Study) string { // JSON makes undefined numbers equal
		text, err := json.Marshal([]any{r.Correlation, r.Noise, r.LagTime})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(asJSON(without), asJSON(with)); diff != "" {
		t.Errorf("correlations and noise: %s", diff)
	}
}

// TestLearningIsNoTraining checks that the cost of learning coefficients is
// part of a candidate's cost, but not of the cost of a training step.
func TestLearningIsNoTraining(t *testing.T) {
	plain, ligo := outcome("plain", 5, 4, 3, 2, 1), outcome("ligo", 5, 4, 3, 2, 1)
	ligo.LearnSteps = 20
	ligo.FLOPs += 20 * analyzeFLOPs
	for i := range 2 {
		if got := stepFLOPs([]Outcome{plain, ligo}, i); got != analyzeFLOPs {
			t.Errorf("a step of candidate %d takes %g FLOPs, want %g", i, got, float64(analyzeFLOPs))
		}
	}
}

// TestLAGOfTheStudy: of several lags among the rules, LAG is that of the study, wherever
// it stands; without it, the first.
func TestLAGOfTheStudy(t *testing.T) {
	r := &Study{Lag: 30, Seeds: []int64{1}, Picks: []Pick{{Rule: "lag:10", Seed: 1, Strategy: "a"}, {Rule: "lag:30", Seed: 1, Strategy: "b"}},
		Rules: []RuleSummary{{Rule: "lag:10"}, {Rule: "lag:30"}}}
	for _, c := range []struct {
		lag  int
		want string
	}{{30, "lag:30"}, {10, "lag:10"}, {20, "lag:10"}} {
		r.Lag = c.lag
		rule, ok1 := r.Rule(RuleLAG)
		pick, ok2 := r.Pick(RuleLAG)
		if !ok1 || !ok2 || rule.Rule != c.want || pick.Rule != c.want {
			t.Errorf("a lag of %d: the rule %s, the pick of %s, want %s", c.lag, rule.Rule, pick.Rule, c.want)
		}
	}
	if picks := r.PicksOf("lag:30"); picks["b"] != 1 {
		t.Errorf("a rule that is named picks %v", picks)
	}
}
