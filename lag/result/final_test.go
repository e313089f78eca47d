package result

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// finalStudy is a study whose last evaluation orders the candidates otherwise than
// the mean of the last three does.
func finalStudy() *Study {
	r := &Study{Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5, Curve: []Point{{Step: 0, Loss: 3}}}, From: 1, To: 2, Steps: 10, Lag: 2, Seeds: []int64{1}}
	for name, losses := range map[string][]float64{"a": {9, 8, 7, 6, 5, 4, 3, 5}, "b": {9, 7, 6, 5.5, 5, 5, 5, 4.5}, "c": {9, 9, 8, 8, 8, 8, 8, 8}} {
		o := Outcome{Name: name, Map: []int{0, 0}, Seed: 1, Status: StatusComplete, FLOPs: 10}
		for i, loss := range losses {
			o.Curve = append(o.Curve, Point{Step: analyzeSteps[i], Loss: Number(loss)})
		}
		o.Final = o.Curve[len(losses)-1].Loss
		o.Batches = []BatchLosses{{Step: 10, Losses: []float64{losses[7] - 0.5, losses[7] + 0.5 + losses[7]/100, losses[7] - losses[7]/100}}}
		r.Strategies = append(r.Strategies, o)
	}
	// A map has no order.
	for i := range r.Strategies {
		for j := range i {
			if r.Strategies[i].Name < r.Strategies[j].Name {
				r.Strategies[i], r.Strategies[j] = r.Strategies[j], r.Strategies[i]
			}
		}
	}
	r.Controls = []ControlOutcome{{Name: ControlScratch, Seed: 1, Steps: 20, FLOPs: 20, Status: StatusComplete, Final: 4.75, Curve: []Point{{Step: 0, Loss: 9}, {Step: 20, Loss: 4.75}}}}
	return r
}

// TestFinalEvaluations checks an analysis in which final losses are means of the last
// three evaluations, with numbers computed by hand.
func TestFinalEvaluations(t *testing.T) {
	analyze := func(r *Study, n int) {
		t.Helper()
		if r.FinalEvaluations = n; r.Analyze(context.Background(), analyzeRules) != nil {
			t.Fatal(r.Analyze(context.Background(), analyzeRules))
		}
	}
	r, plain := finalStudy(), finalStudy()
	analyze(plain, 0)
	analyze(r, 3)
	// The means of the last three are 4, 29/6 and 8; the last evaluations 5, 4.5 and 8.
	for i, want := range []float64{4, 14.5 / 3, 8} {
		if got := float64(r.Strategies[i].Final); math.Abs(got-want) > 1e-12 || r.LossesAt(10)[0][i] != got || r.MeanAt(i, 10) != got {
			t.Errorf("strategy %d ends at %v, %v, %v, want %v", i, got, r.LossesAt(10)[0][i], r.MeanAt(i, 10), want)
		}
		if got, want := r.EvaluatedAt(10)[0][i], float64(plain.Strategies[i].Final); got != want {
			t.Errorf("the last evaluation of strategy %d is %v, want %v", i, got, want)
		}
	}
	if !cmp.Equal(r.FinalSteps(), []int{6, 8, 10}) || !cmp.Equal(plain.FinalSteps(), []int{10}) {
		t.Errorf("the final steps are %v and %v", r.FinalSteps(), plain.FinalSteps())
	}
	// At step 2 the order is b, a, c: LAG's pick b is 29/6 - 4 from the best, a, which
	// the oracle finds, though its last evaluation is not the lowest.
	lag, _ := r.Pick(RuleLAG)
	oracle, _ := r.Pick(RuleOracle)
	random, _ := r.Pick(RuleRandom)
	if lag.Strategy != "b" || math.Abs(float64(lag.Regret)-2.5/3) > 1e-12 || oracle.Strategy != "a" || oracle.Regret != 0 || math.Abs(float64(random.Regret)-(2.5/3+4)/3) > 1e-12 {
		t.Errorf("the picks are %+v, %+v, %+v", lag, oracle, random)
	}
	if oracle, _ := plain.Pick(RuleOracle); oracle.Strategy != "b" {
		t.Errorf("by the last evaluation, the best is %s", oracle.Strategy)
	}
	at := func(r *Study, step int) float64 {
		for _, c := range r.Correlation {
			if c.Step == step {
				return float64(c.Spearman)
			}
		}
		return math.NaN()
	}
	if at(r, 10) != 1 || at(r, 2) != 0.5 || at(plain, 2) != 1 || at(plain, 8) != 0.5 {
		t.Errorf("rho is %v at the end and %v, %v at the lag; without means %v at step 8", at(r, 10), at(r, 2), at(plain, 2), at(plain, 8))
	}
	// Rho is 1 at steps 6 and 8, which are a part of the final loss, and 0.9 or above
	// nowhere before.
	if r.LagTime != nil {
		t.Errorf("the lag time is %d", *r.LagTime)
	}
	// Whether the ranking has settled is told by the last evaluation: the means contain
	// the loss at step 8.
	for _, r := range []*Study{r, plain} {
		if step, rho := r.lastBeforeEnd(); step != 8 || rho != 0.5 {
			t.Errorf("with %d evaluations rho before the end is %v, at step %d", r.FinalEvaluations, rho, step)
		}
	}
	// The differences are those of the final losses, the errors those of the last
	// evaluation.
	for i, p := range r.Pairs {
		of := map[string]float64{"a": 4, "b": 14.5 / 3, "c": 8}
		if want := of[p.A] - of[p.B]; math.Abs(float64(p.Difference)-want) > 1e-9 || math.Abs(float64(p.Error-plain.Pairs[i].Error)) > 1e-12 || !(p.Error > 0) {
			t.Errorf("pair %+v, want the difference %v and the error %v", p, want, plain.Pairs[i].Error)
		}
	}
	if !(math.Abs(float64(r.Noise.PairError-plain.Noise.PairError)) <= 1e-12) {
		t.Errorf("the error of a pair is %v, want %v", r.Noise.PairError, plain.Noise.PairError)
	}
	// The control is compared with the last evaluation of LAG's pick, 4.5; two of the
	// three last evaluations are above its 4.75.
	if c := r.Comparisons[0]; c.Difference != 0.25 || math.Abs(float64(c.BeatenBy)-1.0/3) > 1e-12 {
		t.Errorf("the comparison is %+v", c)
	}
	want := "Final losses are means of the last 3 evaluations, at the steps 6, 8, 10; trainings from scratch, which are evaluated at other steps, are compared by the last evaluation alone."
	if !strings.Contains(r.Verdict, want) || strings.Contains(plain.Verdict, "means of the last") {
		t.Errorf("the verdicts are %q and %q", r.Verdict, plain.Verdict)
	}

	// The file says it, what is read is what was written, and without it the analysis
	// is the former one again.
	dir := t.TempDir()
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	read, err := LoadStudy(dir)
	if err != nil || read.FinalEvaluations != 3 || read.Strategies[0].Final != 4 || read.LossesAt(10)[0][0] != 4 {
		t.Fatalf("read %+v, %v", read, err)
	}
	if err := read.Again(context.Background()); err != nil || !cmp.Equal(jsonOf(t, read), jsonOf(t, r)) {
		t.Errorf("the analysis of what was read differs, %v", err)
	}
	analyze(read, 0)
	if text := jsonOf(t, read); text != jsonOf(t, plain) || strings.Contains(text, "final_evaluations") {
		t.Errorf("without means the result is %s", text)
	}
}

func jsonOf(t *testing.T, r *Study) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestImpossibleFinals checks that final losses cannot be means of evaluations that
// are not there, or that are at the lag or before.
func TestImpossibleFinals(t *testing.T) {
	for n, want := range map[int]string{-1: "growth.final_evaluations is -1; it must not be negative", 6: "growth.final_evaluations is 6; it must be at most 5, because there are only 5 evaluations after the lag of 2 steps"} {
		r := finalStudy()
		r.FinalEvaluations = n
		if err := r.Analyze(context.Background(), analyzeRules); err == nil || err.Error() != want {
			t.Errorf("%d: got error %v, want %q", n, err, want)
		}
		if err := r.Save(t.TempDir()); err == nil {
			t.Errorf("a result with means of %d evaluations was written", n)
		}
	}
	r := finalStudy()
	r.FinalEvaluations = 5
	if err := r.Analyze(context.Background(), analyzeRules); err != nil {
		t.Error(err)
	}
	// Where no candidate reached the end, there is no final loss to be a mean.
	at := 5
	for i := range r.Strategies {
		o := &r.Strategies[i]
		o.Status, o.DivergedAt, o.Final, o.Curve, o.Batches = StatusDiverged, &at, Undefined(), o.Curve[:4], nil
	}
	if err := r.Analyze(context.Background(), analyzeRules); err != nil {
		t.Error(err)
	}
}
