package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// harmonic returns 1 + 1/2 + ... + 1/n.
func harmonic(n int) (sum float64) {
	for i := range n {
		sum += 1 / float64(i+1)
	}
	return sum
}

// If the losses order a part of the candidates at random and the others rightly, the
// pairs within that part say nothing on average: the measures are 1 less the part's
// share of all weights. The weights 1/a + 1/b of the pairs of the best m of n sum to
// (m-1) H(m), those of the worst m to (m-1) (H(n) - H(n-m)), with harmonic numbers H.
func TestPlantedShuffles(t *testing.T) {
	const cases, n, m = 4000, 12, 6
	random := rand.New(rand.NewPCG(5, 3))
	all := float64(n-1) * harmonic(n)
	for name, c := range map[string]struct {
		first int // of those in a random order
		m     int
		tau   float64
	}{
		"the best":  {0, m, 1 - float64(m-1)*harmonic(m)/all},
		"the worst": {n - m, m, 1 - float64(m-1)*(harmonic(n)-harmonic(n-m))/all},
		"all":       {0, n, 0},
	} {
		var taus, pairs, recalls []float64
		for range cases {
			early, final := make([]float64, n), make([]float64, n)
			for i := range n {
				early[i], final[i] = float64(i), math.Exp(float64(i))
			}
			random.Shuffle(c.m, func(i, j int) {
				early[c.first+i], early[c.first+j] = early[c.first+j], early[c.first+i]
			})
			taus, pairs, recalls = append(taus, WeightedTau(early, final)), append(pairs, DecisionAccuracy(early, final)), append(recalls, TopRecall(early, final, 3))
		}
		recall := 1.0
		if c.first == 0 {
			recall = 3 / float64(c.m) // each of the best three is among the first three of m
		}
		for what, m := range map[string]struct {
			found   []float64
			planted float64
		}{
			"weighted tau":      {taus, c.tau},
			"decision accuracy": {pairs, 1 - 0.5*float64(c.m*(c.m-1))/float64(n*(n-1))},
			"recall":            {recalls, recall},
		} {
			mean, deviation := stat.MeanStdDev(m.found, nil)
			if tolerance := 4*stat.StdErr(deviation, cases) + 1e-12; math.Abs(mean-m.planted) > tolerance {
				t.Errorf("%s in a random order: the mean %s is %.4f, planted %.4f, tolerance %.4f", name, what, mean, m.planted, tolerance)
			}
		}
	}
}

// The regret on a new seed is on average what the pick of the other seeds costs by the
// true effects, also if the losses of a seed err in the same direction early and at
// the end. If the choice saw the seed that it is measured with, it would seem better.
func TestHeldOutRegretOfGoodLosses(t *testing.T) {
	const studies, R, S, early, shared = 4000, 3, 8, 0.6, 0.8
	random := rand.New(rand.NewPCG(5, 19))
	var regrets, seen, truths []float64
	for range studies {
		effects := make([]float64, S)
		for s := range effects {
			effects[s] = random.NormFloat64()
		}
		var e, f [][]float64
		for range R {
			level := random.NormFloat64()
			var re, rf []float64
			for _, x := range effects {
				both := shared * random.NormFloat64()
				re, rf = append(re, level+x+both+early*random.NormFloat64()), append(rf, level+x+both+0.2*random.NormFloat64())
			}
			e, f = append(e, re), append(f, rf)
		}
		regret, truth, insample := 0.0, 0.0, 0.0
		for r, x := range HeldOutRegret(e, f) {
			pick, best := ArgMin(MeanLosses(without(e, r))), ArgMin(MeanLosses(without(f, r)))
			regret, truth = regret+x/R, truth+(effects[pick]-effects[best])/R
			insample += (f[r][ArgMin(MeanLosses(e))] - f[r][best]) / R
		}
		regrets, truths, seen = append(regrets, regret), append(truths, truth), append(seen, insample)
	}
	differences := make([]float64, studies)
	for i := range regrets {
		differences[i] = regrets[i] - truths[i]
	}
	mean, deviation := stat.MeanStdDev(differences, nil)
	if tolerance := 4 * stat.StdErr(deviation, studies); math.Abs(mean) > tolerance {
		t.Errorf("the mean regret on a new seed is %.4f more than the planted one, tolerance %.4f", mean, tolerance)
	}
	if truth := stat.Mean(truths, nil); truth < 0.03 || stat.Mean(seen, nil) > truth-0.03 {
		t.Errorf("the planted regret is %.4f, that of a choice that saw the seed %.4f: too alike to tell them apart", truth, stat.Mean(seen, nil))
	}
}

// The error of a paired difference is right: its square is the variance of the mean
// on average, and intervals with Student's quantile hold the planted difference.
func TestCoverageOfPairedDifferences(t *testing.T) {
	const cases, n, difference, quantile = 8000, 8, 0.3, 2.3646 // t with 7 degrees of freedom, 95%
	random := rand.New(rand.NewPCG(6, 3))
	held, squares := 0, 0.0
	for range cases {
		a, b := make([]float64, n), make([]float64, n)
		for i := range n {
			batch := 5 * random.NormFloat64()
			a[i], b[i] = batch+difference+0.6*random.NormFloat64(), batch+0.8*random.NormFloat64()
		}
		d := PairedDifference(a, b)
		squares += square(d.StdErr) / cases
		if math.Abs(d.Mean-difference) <= quantile*d.StdErr {
			held++
		}
	}
	// The variance of a difference is 0.36 + 0.64 = 1. A variance of n-1 degrees of
	// freedom has the relative standard deviation sqrt(2/(n-1)); the tolerance is four.
	if tolerance := 4 * math.Sqrt(2.0/(n-1)/cases); math.Abs(squares*n-1) > tolerance {
		t.Errorf("the squared error is %.4f times the planted one, tolerance %.4f", squares*n, tolerance)
	}
	if share := float64(held) / cases; math.Abs(share-0.95) > 0.01 { // standard deviation 0.24%
		t.Errorf("intervals of 95%% hold the planted difference in %.2f%% of the cases", 100*share)
	}
}

// Two studies of the same strategies, with sources and seeds of their own, agree as
// much as the repeatability says: it is the correlation of the strategies' means.
func TestPlantedRepeatability(t *testing.T) {
	const S, cases = 300, 30
	random := rand.New(rand.NewPCG(7, 9))
	c := Components{Sources: 4, Strategies: 3, Interaction: 2, Seeds: 3, Residual: 4}
	for _, size := range [][2]int{{1, 1}, {2, 3}, {3, 1}} {
		K, R := size[0], size[1]
		var agreements []float64
		for range cases {
			effects := make([]float64, S)
			for s := range effects {
				effects[s] = math.Sqrt(c.Strategies) * random.NormFloat64()
			}
			means := func() []float64 {
				var rows [][]float64
				noise := c
				noise.Strategies = 0
				for _, seeds := range planted(random, K, R, S, noise) {
					rows = append(rows, seeds...)
				}
				all := MeanLosses(rows)
				for s := range all {
					all[s] += effects[s]
				}
				return all
			}
			agreements = append(agreements, Pearson(means(), means()))
		}
		mean, deviation := stat.MeanStdDev(agreements, nil)
		want, tolerance := c.Repeatability(K, R), 4*stat.StdErr(deviation, cases)+1.0/S // Pearson's r is biased by less than 1/(2n)
		if math.Abs(mean-want) > tolerance {
			t.Errorf("%d sources and %d seeds: two studies correlate with %.3f, the repeatability is %.3f, tolerance %.3f", K, R, mean, want, tolerance)
		}
	}
}

// clearAt returns the rule by which pairs clearly differ at the end: by more than two
// standard errors of a difference of two means over the seeds.
func clearAt(final [][]float64) func(i, j int) bool {
	ends, least := MeanLosses(final), 2*math.Sqrt(2/float64(len(final)))*MeasureSpread(final).Seeds
	return func(i, j int) bool { return math.Abs(ends[i]-ends[j]) > least }
}

// The accuracy of decisions over the pairs that clearly differ, and its interval: which
// pairs these are depends on the final losses. The truth, the share of right pairs among
// them over many studies, is simulated apart. Equal strategies clearly differ in about
// a twentieth of all pairs.
func TestCoverageOfClearDecisions(t *testing.T) {
	const cases, n = 400, 16
	random, other := rand.New(rand.NewPCG(8, 3)), rand.New(rand.NewPCG(9, 3))
	for _, seeds := range []int{2, 4} {
		for _, r := range []float64{0.3, 0.7} {
			right, pairs := 0.0, 0.0
			for range 3000 {
				x, y := paired(other, seeds, n, 0.8, r)
				d := newDeciding(x, y, clearAt(y)).count(MeanLosses(x), MeanLosses(y))
				right, pairs = right+d.right, pairs+float64(d.pairs)
			}
			truth, held, sum, counted := right/pairs, 0, 0.0, 0.0
			for range cases {
				x, y := paired(random, seeds, n, 0.8, r)
				d := MeasureDecisions(x, y, clearAt(y), 0.95)
				if d.Interval.holds(truth) {
					held++
				}
				sum, counted = sum+d.Accuracy*float64(d.Pairs), counted+float64(d.Pairs)
			}
			share := float64(held) / cases
			t.Logf("%d seeds, r = %.1f: truth %.3f, mean %.3f, coverage %.3f", seeds, r, truth, sum/counted, share)
			if share < 0.92 || share > 0.99 {
				t.Errorf("%d seeds, r = %.1f: intervals of 95%% hold the true value %.3f in %.1f%% of the cases", seeds, r, truth, 100*share)
			}
			if math.Abs(sum/counted-truth) > 0.02 || truth < 0.5+math.Asin(r)/math.Pi {
				t.Errorf("%d seeds, r = %.1f: the mean accuracy is %.3f, the true one %.3f", seeds, r, sum/counted, truth)
			}
		}
	}
	clear, all := 0, 0
	for range 300 {
		y, _ := paired(random, 3, 20, 0, 0)
		apart := clearAt(y)
		for i := range 20 {
			for j := range i {
				if all++; apart(i, j) {
					clear++
				}
			}
		}
	}
	if share := float64(clear) / float64(all); share < 0.04 || share > 0.065 {
		t.Errorf("%.1f%% of the pairs of equal strategies clearly differ", 100*share)
	}
}

// With one seed of each source, what seeds do is found as a part of what sources do.
func TestComponentsOfOneSeed(t *testing.T) {
	const studies = 2000
	random := rand.New(rand.NewPCG(10, 9))
	c := Components{Sources: 4, Strategies: 9, Interaction: 2, Seeds: 3, Residual: 1}
	var sources, strategies, interactions []float64
	for range studies {
		found := MeasureComponents(planted(random, 6, 1, 10, c))
		sources, strategies, interactions = append(sources, found.Sources), append(strategies, found.Strategies), append(interactions, found.Interaction)
	}
	for name, of := range map[string]struct {
		found   []float64
		planted float64
	}{"sources": {sources, c.Sources + c.Seeds}, "strategies": {strategies, c.Strategies}, "interaction": {interactions, c.Interaction + c.Residual}} {
		mean, deviation := stat.MeanStdDev(of.found, nil)
		if tolerance := 4 * stat.StdErr(deviation, studies); math.Abs(mean-of.planted) > tolerance {
			t.Errorf("%s: mean estimate %.3f, planted %g, tolerance %.3f", name, mean, of.planted, tolerance)
		}
	}
}
