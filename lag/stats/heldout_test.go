package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHeldOutRegret(t *testing.T) {
	// With seeds 1 and 2 the early losses pick the second, the final ones the first,
	// and so on.
	early := [][]float64{{3, 4, 5}, {3, 1, 5}, {3, 2, 5}}
	final := [][]float64{{1.0, 1.5, 3}, {1.2, 1.1, 3}, {1.1, 1.4, 3}}
	want := []float64{0.5, 0, 0.3}
	// Without seed 0: early means 3, 1.5, 5 pick 1; final means 1.15, 1.25 are best at 0.
	// Without seed 1: early 3, 3, 5 pick the first of equals; final 1.05, 1.45.
	// Without seed 2: early 3, 2.5, 5 pick 1; final 1.1, 1.3.
	got := HeldOutRegret(early, final)
	for r := range want {
		if math.Abs(got[r]-want[r]) > 1e-12 {
			t.Errorf("seed %d: %g, want %g", r, got[r], want[r])
		}
	}
	for _, regret := range HeldOutRegret(final, final) {
		if regret != 0 {
			t.Errorf("a choice at the end has the regret %g", regret)
		}
	}
	final[0][1] = inf
	if got := HeldOutRegret(early, final); !math.IsInf(got[0], 1) || math.IsNaN(got[2]) {
		t.Errorf("with a pick that diverged: %v", got)
	}
	final[0][0] = inf
	if got := HeldOutRegret(early, final); !math.IsNaN(got[0]) {
		t.Errorf("with a best that diverged: %v", got)
	}
	if HeldOutRegret(early[:1], final[:1]) != nil || HeldOutRegret(early, final[:2]) != nil || HeldOutRegret(nil, nil) != nil {
		t.Error("a regret where there is none")
	}
}

// TestHeldOutRegretIsUnbiased: over many studies, the mean regret of picking by an
// early loss that says nothing is that of a random pick on a new seed.
func TestHeldOutRegretIsUnbiased(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 19))
	const studies, R, noise = 4000, 3, 0.5
	effects := []float64{0, 1, 2, 3}
	var regret, known float64
	for range studies {
		var early, final [][]float64
		for range R {
			var e, f []float64
			for _, x := range effects {
				e, f = append(e, random.NormFloat64()), append(f, x+noise*random.NormFloat64())
			}
			early, final = append(early, e), append(final, f)
		}
		for _, x := range HeldOutRegret(early, final) {
			regret += x / (studies * R)
		}
		for r := range final { // what the best by the other seeds costs on average
			known += effects[ArgMin(MeanLosses(without(final, r)))] / (studies * R)
		}
	}
	if want := 1.5 - known; math.Abs(regret-want) > 0.03 {
		t.Errorf("the mean regret is %.3f, want %.3f", regret, want)
	}
}
