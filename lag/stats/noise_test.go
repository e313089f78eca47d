package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// By hand: two seeds, two strategies. Means of the strategies 2 and 5, of the
// seeds 3 and 4, of all 3.5. Residuals 1-3-2+3.5 = -0.5, and so on: all ±0.5.
func TestSpreadByHand(t *testing.T) {
	s := MeasureSpread([][]float64{{1, 5}, {3, 5}})
	// (1.5² + 1.5²)/1 = 4.5 and 4 · 0.25 / (1·1) = 1.
	if math.Abs(s.Strategies-math.Sqrt(4.5)) > 1e-12 || math.Abs(s.Seeds-1) > 1e-12 || math.Abs(s.Ratio-math.Sqrt(4.5)) > 1e-12 || s.Counted != 2 {
		t.Errorf("%+v", s)
	}
	if s.IsNoise() {
		t.Error("a ratio of 2.1 is called noise")
	}
}

// The estimates are the true values, for any level of each seed.
func TestSpreadPlanted(t *testing.T) {
	const R, S, between, noise = 3, 2000, 0.05, 0.02
	random := rand.New(rand.NewPCG(1, 3))
	strategy := make([]float64, S)
	for s := range strategy {
		strategy[s] = between * random.NormFloat64()
	}
	final := make([][]float64, R)
	for r := range final {
		final[r] = make([]float64, S)
		for s := range S {
			final[r][s] = 3 + float64(r) + strategy[s] + noise*random.NormFloat64()
		}
	}
	s := MeasureSpread(final)
	if math.Abs(s.Seeds-noise) > 0.05*noise { // 5% are about 4 standard errors
		t.Errorf("the seeds' spread is %v, planted was %v", s.Seeds, noise)
	}
	if want := math.Sqrt(between*between + noise*noise/R); math.Abs(s.Strategies-want) > 0.07*want {
		t.Errorf("the strategies' spread is %v, planted was %v", s.Strategies, want)
	}
	// With only noise the ratio is 1/sqrt(R).
	for r := range final {
		for s := range S {
			final[r][s] = float64(r) + random.NormFloat64()
		}
	}
	s = MeasureSpread(final)
	if math.Abs(s.Ratio-1/math.Sqrt(R)) > 0.05 || !s.IsNoise() {
		t.Errorf("of noise: %+v", s)
	}
}

func TestSpreadUndefined(t *testing.T) {
	for name, final := range map[string][][]float64{
		"nothing":      nil,
		"one seed":     {{1, 2, 3}},
		"one strategy": {{1}, {2}},
		"ragged":       {{1, 2}, {1, 2, 3}},
		"one survivor": {{1, nan}, {2, 3}},
	} {
		if s := MeasureSpread(final); !math.IsNaN(s.Strategies) || !math.IsNaN(s.Seeds) || !math.IsNaN(s.Ratio) || s.IsNoise() {
			t.Errorf("%s: %+v", name, s)
		}
	}
	with := MeasureSpread([][]float64{{1, 9, 5, 4}, {3, nan, 5, inf}})
	if without := MeasureSpread([][]float64{{1, 5}, {3, 5}}); with != without {
		t.Errorf("with diverged strategies %+v, without them %+v", with, without)
	}
	if s := MeasureSpread([][]float64{{1, 2}, {2, 3}}); s.Seeds != 0 || !math.IsInf(s.Ratio, 1) || s.IsNoise() {
		t.Errorf("without noise: %+v", s)
	}
}

func TestPairedDifference(t *testing.T) {
	// Differences 1, 2, 3: mean 2, standard deviation 1, error 1/sqrt(3).
	d := PairedDifference([]float64{11, 22, 33}, []float64{10, 20, 30})
	if d.Mean != 2 || math.Abs(d.StdErr-1/math.Sqrt(3)) > 1e-12 || math.Abs(d.Z-2*math.Sqrt(3)) > 1e-12 {
		t.Errorf("%+v", d)
	}
	if same := PairedDifference([]float64{1, 2}, []float64{1, 2}); same.Mean != 0 || same.StdErr != 0 || !math.IsNaN(same.Z) {
		t.Errorf("of equals: %+v", same)
	}
	for _, pair := range [][2][]float64{{{1}, {2}}, {{1, 2}, {1}}, {{1, nan}, {1, 2}}, {{1, 2}, {1, inf}}, {nil, nil}} {
		if d := PairedDifference(pair[0], pair[1]); !math.IsNaN(d.Mean) || !math.IsNaN(d.StdErr) || !math.IsNaN(d.Z) {
			t.Errorf("of %v and %v: %+v", pair[0], pair[1], d)
		}
	}

	losses := [][]float64{{1, 2, 3, 4}, {2, 3, 4, 5}, {2, 1, 4, 3}, {1, 2, 3, nan}}
	pairs := PairedDifferences(losses)
	if len(pairs) != 6 || pairs[0].First != 0 || pairs[0].Second != 1 || pairs[3].First != 1 || pairs[3].Second != 2 {
		t.Fatalf("%+v", pairs)
	}
	for _, p := range pairs {
		back := PairedDifference(losses[p.Second], losses[p.First])
		if p.Mean != -back.Mean || p.StdErr != back.StdErr {
			if !math.IsNaN(p.Mean) || !math.IsNaN(back.Mean) {
				t.Errorf("%+v, and turned round %+v", p, back)
			}
		}
	}
	// In the three pairs without the diverged candidate, the first difference
	// is exactly 1; the others are 0 and 1 with errors of 0.58.
	if got := Separable(losses); math.Abs(got-1.0/3) > 1e-12 {
		t.Errorf("%v of the pairs are separable", got)
	}
	if got := Separable(losses[:1]); !math.IsNaN(got) {
		t.Errorf("%v of no pairs are separable", got)
	}
}

// Equal candidates seem separable in about 5% of all cases.
func TestSeparableByChance(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 3))
	separable := 0
	const cases = 1000
	for range cases {
		losses := [][]float64{make([]float64, 40), make([]float64, 40)}
		for b := range 40 {
			batch := 10 * random.NormFloat64()
			losses[0][b], losses[1][b] = batch+random.NormFloat64(), batch+random.NormFloat64()
		}
		if Separable(losses) == 1 {
			separable++
		}
	}
	if separable < 25 || separable > 85 { // standard deviation 7
		t.Errorf("%d of %d", separable, cases)
	}
}
