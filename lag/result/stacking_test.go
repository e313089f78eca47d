package result

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestStackingSummary checks that arms are ordered by mean final loss, those
// that diverged last, and that differences are paired by seed.
func TestStackingSummary(t *testing.T) {
	arm := func(name string, seed int64, final float64) ArmOutcome {
		o := ArmOutcome{Name: name, Seed: seed, Final: Number(final), FLOPs: 10, Status: StatusComplete}
		if math.IsNaN(final) {
			o.Status = StatusDiverged
		}
		return o
	}
	r := &Stacking{Seeds: []int64{1, 2}, UnigramEntropy: 5, Arms: []ArmOutcome{
		arm("a", 1, 3.2), arm("b", 1, 3.0), arm("c", 1, 2.9),
		arm("a", 2, 3.5), arm("b", 2, 3.1), arm("c", 2, math.NaN()),
	}}
	r.Analyze()
	var names []string
	for _, s := range r.Summary {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"b", "a", "c"}) {
		t.Errorf("the order is %v", names)
	}
	// The differences are 0.2 and 0.4: mean 0.3, standard deviation 0.1 √2.
	if a := r.Summary[1]; math.Abs(float64(a.Difference)-0.3) > 1e-9 || math.Abs(float64(a.Error)-0.1) > 1e-9 {
		t.Errorf("the difference of a and b is %v with standard error %v, want 0.3 and 0.1", a.Difference, a.Error)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "arm c diverged under seed 2") {
		t.Errorf("warnings: %q", r.Warnings)
	}
	if !strings.Contains(r.Verdict, "b ends lowest, at 3.0500") || !strings.Contains(r.Verdict, "c diverged") || strings.Contains(r.Verdict, "NaN") {
		t.Errorf("verdict: %s", r.Verdict)
	}
}
