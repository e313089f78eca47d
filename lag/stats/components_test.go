package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// planted returns losses with known components.
func planted(random *rand.Rand, K, R, S int, c Components) [][][]float64 {
	normal := func(variance float64) float64 { return math.Sqrt(variance) * random.NormFloat64() }
	strategy := make([]float64, S)
	for s := range strategy {
		strategy[s] = normal(c.Strategies)
	}
	final := make([][][]float64, K)
	for k := range final {
		source, both := normal(c.Sources), make([]float64, S)
		for s := range both {
			both[s] = normal(c.Interaction)
		}
		final[k] = make([][]float64, R)
		for r := range final[k] {
			seed := normal(c.Seeds)
			for s := range S {
				final[k][r] = append(final[k][r], 3+source+strategy[s]+both[s]+seed+normal(c.Residual))
			}
		}
	}
	return final
}

// TestComponentsOfPlanted: over many studies the mean estimates are the variances
// that were planted.
func TestComponentsOfPlanted(t *testing.T) {
	const studies = 1500
	random := rand.New(rand.NewPCG(1, 9))
	want := Components{Sources: 4, Strategies: 9, Interaction: 2, Seeds: 3, Residual: 1}
	var sums, squares [5]float64
	for range studies {
		c := MeasureComponents(planted(random, 4, 3, 10, want))
		if c.Counted != 10 {
			t.Fatalf("%d strategies are counted", c.Counted)
		}
		for i, x := range []float64{c.Sources, c.Strategies, c.Interaction, c.Seeds, c.Residual} {
			sums[i], squares[i] = sums[i]+x/studies, squares[i]+x*x/studies
		}
	}
	for i, w := range []float64{want.Sources, want.Strategies, want.Interaction, want.Seeds, want.Residual} {
		tolerance := 4 * math.Sqrt((squares[i]-sums[i]*sums[i])/studies)
		if i == 0 {
			tolerance += 0.06 // of 4 sources, negative estimates, which are 0, are not rare
		}
		if math.Abs(sums[i]-w) > tolerance {
			t.Errorf("component %d: mean estimate %.3f, planted %g, tolerance %.3f", i, sums[i], w, tolerance)
		}
	}
}

func TestComponentsExactly(t *testing.T) {
	// Only sources and strategies differ.
	final := [][][]float64{{{1, 3}, {1, 3}}, {{2, 4}, {2, 4}}}
	c := MeasureComponents(final)
	for name, pair := range map[string][2]float64{
		"sources": {c.Sources, 0.5}, "strategies": {c.Strategies, 2}, "interaction": {c.Interaction, 0}, "seeds": {c.Seeds, 0}, "residual": {c.Residual, 0},
	} {
		if !near(pair[0], pair[1]) {
			t.Errorf("%s: %g, want %g", name, pair[0], pair[1])
		}
	}
	if r := c.Repeatability(2, 2); r != 1 {
		t.Errorf("without noise %g of the variance is repeated", r)
	}
	// The seeds exchange the strategies, so all means are 2 and MSe is 4. The estimates of
	// Interaction and Seeds, -2 each, are 0; that of Sources is (0 - 0 - 0 + 4) / 4.
	final = [][][]float64{{{1, 3}, {3, 1}}, {{1, 3}, {3, 1}}}
	if c := MeasureComponents(final); c.Strategies != 0 || c.Interaction != 0 || !near(c.Sources, 1) || c.Seeds != 0 || !near(c.Residual, 4) {
		t.Errorf("only a residual: %+v", c)
	}
	// MSboth is 0, below MSe, and still what is subtracted from MSstrat = 2.
	final = [][][]float64{{{1, 4}, {3, 2}}, {{1, 4}, {3, 2}}}
	if c := MeasureComponents(final); !near(c.Residual, 4) || c.Interaction != 0 || !near(c.Strategies, 0.5) {
		t.Errorf("an interaction below its error: %+v", c)
	}
	// One seed: the interaction has the residual in it.
	one := MeasureComponents([][][]float64{{{1, 3, inf}}, {{3, 1, 2}}})
	if one.Counted != 2 || !math.IsNaN(one.Residual) || !math.IsNaN(one.Seeds) || !near(one.Interaction, 4) || one.Strategies != 0 {
		t.Errorf("one seed: %+v", one)
	}
	for _, bad := range [][][][]float64{nil, {{{1, 2}}}, {{{1}}, {{2}}}, {{{1, 2}}, {{1}}}, {{{1, 2}}, {{1, 2}, {1, 2}}}, {{}, {}}} {
		if c := MeasureComponents(bad); !math.IsNaN(c.Strategies) {
			t.Errorf("%v: %+v", bad, c)
		}
	}
}
