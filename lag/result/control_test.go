package result

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestControlNames(t *testing.T) {
	for _, c := range []struct {
		control Control
		kind    Control
		peak    float64
		problem string
	}{
		{"scratch", ControlScratch, 0, ""},
		{ControlScratchProbes.WithPeak(0.003), ControlScratchProbes, 0.003, ""},
		{Control("scratch@5").WithPeak(1e-7), ControlScratch, 1e-7, ""},
		{"scratch@1e-3", ControlScratch, 0.001, ""},
		{"scratch@", ControlScratch, 0, `the peak learning rate ""`},
		{"scratch@0", ControlScratch, 0, `the peak learning rate "0"; write a positive number after the @, as in "scratch@0.001"`},
		{"scratch@NaN", ControlScratch, 0, `"NaN"`},
		{"scratch@+Inf", ControlScratch, 0, `"+Inf"`},
		{"scratch@1@2", ControlScratch, 0, `"1@2"`},
	} {
		peak, err := c.control.Peak()
		if kind := c.control.Kind(); kind != c.kind || peak != c.peak || (err == nil) != (c.problem == "") {
			t.Errorf("%s is of the kind %q with the peak %v, %v", c.control, kind, peak, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: error %v, want %q", c.control, err, c.problem)
		}
	}
}

// TestSweep checks the comparison of controls that differ in their rates. The best is
// that with the lowest mean over the seeds; one that diverged with a seed is never it.
func TestSweep(t *testing.T) {
	candidate := func(seed int64) Outcome {
		return Outcome{Name: "a", Seed: seed, Status: StatusComplete, Final: 2, FLOPs: 10, Curve: []Point{{Step: 0, Loss: 9}, {Step: 2, Loss: 5}, {Step: 10, Loss: 2}}}
	}
	control := func(name Control, peak float64, seed int64, final float64) ControlOutcome {
		o := ControlOutcome{Name: name, Seed: seed, Steps: 30, Peak: peak, FLOPs: 30, Status: StatusComplete, Final: Number(final), Curve: []Point{{Step: 0, Loss: 9}, {Step: 30, Loss: Number(final)}}}
		if math.IsNaN(final) {
			o.Status, o.FLOPs = StatusDiverged, 6
		}
		return o
	}
	probes := ControlScratchProbes
	r := &Study{
		Source: Source{Loss: 3, ShuffledLoss: 6, UnigramEntropy: 5}, Steps: 10, Lag: 2, Seeds: []int64{1, 2}, Strategies: []Outcome{candidate(1), candidate(2)},
		Controls: []ControlOutcome{
			control(probes, 0.1, 1, 2.5), control("scratch", 0.1, 1, 4), control(probes.WithPeak(0.4), 0.4, 1, 1), control(probes.WithPeak(0.02), 0.02, 1, 2), control(probes.WithPeak(0.01), 0.01, 1, 3),
			control(probes, 0.1, 2, 2.7), control("scratch", 0.1, 2, 4), control(probes.WithPeak(0.4), 0.4, 2, math.NaN()), control(probes.WithPeak(0.02), 0.02, 2, 3), control(probes.WithPeak(0.01), 0.01, 2, 3),
		},
	}
	analyze := func() Comparison {
		t.Helper()
		if err := r.Analyze(context.Background(), analyzeRules); err != nil {
			t.Fatal(err)
		}
		if len(r.Comparisons) != 2 || r.Comparisons[1].Control != "scratch" || r.Comparisons[1].Rates != nil || r.Comparisons[1].SweepFLOPs != 0 {
			t.Fatalf("the comparisons are %+v", r.Comparisons)
		}
		return r.Comparisons[0]
	}
	// The means are 2.6, none, 2.5 and 3. The other rates cost 30, (30+6)/2 and 30.
	c := analyze()
	if c.Control != "scratch-probes@0.02" || c.Final != 2.5 || c.Difference != 0.5 || math.Abs(float64(c.Error)-0.5) > 1e-12 || c.FLOPs != 30 || c.SweepFLOPs != 78 || c.Edge() != "" {
		t.Errorf("the best is %+v", c)
	}
	for i, want := range []Control{"scratch-probes@0.01", "scratch-probes@0.02", "scratch-probes", "scratch-probes@0.4"} {
		if c.Rates[i].Control != want {
			t.Errorf("rate %d is %+v, want %s", i, c.Rates[i], want)
		}
	}
	want := "From scratch, for what the source, LAG's probes and one candidate cost, the deep model ends at 2.5000 nats, 0.5000 above LAG's pick (standard error over the seeds 0.5000); 50% of the candidates end lower than from scratch. " +
		"That is at the peak rate 0.02, the best by the final loss of 4 peak learning rates (0.01: 3.0000, 0.02: 2.5000, 0.1: 2.6000, 0.4: not to the end), a choice that training from scratch has for free: the other rates cost 7.80 trainings more."
	if !strings.Contains(r.Verdict, want) {
		t.Errorf("the verdict is %q, want %q in it", r.Verdict, want)
	}
	// At the edge of the sweep, a warning says so.
	r.Controls[4].Final, r.Controls[9].Final = 2.4, 2.4
	if c := analyze(); c.Control != "scratch-probes@0.01" || c.Edge() != "lowest" || !strings.Contains(strings.Join(r.Warnings, " "), "control scratch-probes is the lowest of the sweep") {
		t.Errorf("the best is %+v; warnings %q", c, r.Warnings)
	}
	r.Controls[7].Status, r.Controls[7].Final = StatusComplete, 1
	if c := analyze(); c.Control != "scratch-probes@0.4" || c.Edge() != "highest" {
		t.Errorf("the best is %+v", c)
	}
	// None got to the end.
	for i := range r.Controls {
		r.Controls[i].Status, r.Controls[i].Final = StatusDiverged, Undefined()
	}
	if c := analyze(); !math.IsNaN(float64(c.Final)) || c.Edge() != "" || c.SweepInWords(10) != "" || len(c.Rates) != 4 || !strings.Contains(r.Verdict, "does not get to the end") {
		t.Errorf("the comparison is %+v; %s", c, r.Verdict)
	}
}

// TestComparisonErrorOfPlanted: the error of a control's difference is paired by seed.
// Intervals with Student's quantile for four degrees of freedom hold the planted
// difference in 95% of all studies, however far the seeds are apart.
func TestComparisonErrorOfPlanted(t *testing.T) {
	const studies, seeds, difference, quantile = 16000, 5, 0.07, 2.7764
	random := rand.New(rand.NewPCG(12, 3))
	held := 0
	for range studies {
		r := &Study{Lag: 2, Steps: 10}
		for seed := range int64(seeds) {
			level := 3 + 0.5*random.NormFloat64()
			final := Number(level + 0.02*random.NormFloat64())
			r.Seeds = append(r.Seeds, seed)
			r.Strategies = append(r.Strategies, Outcome{Name: "a", Seed: seed, Status: StatusComplete, Final: final, Curve: []Point{{Step: 10, Loss: final}}})
			r.Picks = append(r.Picks, Pick{Rule: "lag:2", Seed: seed, Strategy: "a"})
			r.Controls = append(r.Controls, ControlOutcome{Name: ControlScratch, Seed: seed, Status: StatusComplete, Final: Number(level + difference + 0.03*random.NormFloat64())})
		}
		r.compare()
		if c := r.Comparisons[0]; math.Abs(float64(c.Difference)-difference) <= quantile*float64(c.Error) {
			held++
		}
	}
	if share := float64(held) / studies; math.Abs(share-0.95) > 0.007 { // standard deviation 0.17%
		t.Errorf("intervals of 95%% hold the planted difference in %.2f%% of the studies", 100*share)
	}
}
