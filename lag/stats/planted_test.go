package stats

import (
	"math"
	"testing"
)

// Curves with given orders of the strategies have measures that can be computed
// by hand.
func TestPlantedCurves(t *testing.T) {
	final := []float64{3.0, 3.1, 3.3, 3.4, 3.9}
	steps := []int{0, 1, 2, 5, 10, 20}
	// For each step, the rank of each strategy. With 5 strategies rho = 1 - sum
	// d²/20 and tau = 1 - inversions/5.
	orders := [][]int{
		{4, 3, 2, 1, 0}, // sum d² 40, 10 inversions
		{1, 2, 3, 4, 0}, // 20, 4
		{0, 1, 2, 4, 3}, // 2, 1
		{2, 1, 0, 3, 4}, // 8, 3
		{1, 0, 2, 3, 4}, // 2, 1
		{0, 1, 2, 3, 4},
	}
	wantRho := []float64{-1, 0, 0.9, 0.6, 0.9, 1}
	wantTau := []float64{-1, 0.2, 0.8, 0.4, 0.8, 1}
	wantRegret := []float64{0.9, 0.9, 0, 0.3, 0.1, 0} // of the strategy that is first then; the median minus the minimum is 0.3
	rhos := make([]float64, len(steps))
	for i, order := range orders {
		losses := make([]float64, len(final))
		for s, place := range order {
			// Only the order of these values matters.
			losses[s] = 3 + math.Exp(float64(place)) + 5/float64(steps[i]+1)
		}
		rhos[i] = Spearman(losses, final)
		if math.Abs(rhos[i]-wantRho[i]) > 1e-12 {
			t.Errorf("step %d: rho = %v, planted %v", steps[i], rhos[i], wantRho[i])
		}
		if tau := KendallTauB(losses, final); math.Abs(tau-wantTau[i]) > 1e-12 {
			t.Errorf("step %d: tau = %v, planted %v", steps[i], tau, wantTau[i])
		}
		pick := ArgMin(losses)
		regret := Regret(final, pick)
		if math.Abs(regret-wantRegret[i]) > 1e-12 {
			t.Errorf("step %d: regret = %v, planted %v", steps[i], regret, wantRegret[i])
		}
		if got, want := NormalizeRegret(final, regret), wantRegret[i]/0.3; math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d: normalized regret = %v, planted %v", steps[i], got, want)
		}
	}
	// Rho is 0.9 at step 2 too, but does not stay there.
	if step, ok := LagTime(steps, rhos, 0.9); step != 10 || !ok {
		t.Errorf("lag time %d, %v", step, ok)
	}
}
