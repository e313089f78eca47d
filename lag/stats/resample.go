package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Interval is a confidence interval; both ends are NaN where it is undefined.
type Interval struct{ Lo, Hi float64 }

// Bootstrap returns the percentile bootstrap interval of a statistic of n
// candidates (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// chapter 13).
//
// It draws resamples times n candidate indices with replacement and hands them
// to statistic, which must not keep the slice: everything that belongs to one
// candidate (its loss at every step, say) thus stays together. level is the
// coverage, in (0, 1), 0.95 as a rule. A resample for which the statistic is
// NaN, as the correlation of a constant is, doesn't count; where fewer than
// half of them count, or an argument is out of range, the interval is NaN.
//
// The interval tells how far the statistic would move had other candidates been
// in the pool. With fewer than about ten candidates it is rough, and as a rule
// too narrow.
func Bootstrap(n int, statistic func(sample []int) float64, level float64, resamples int, seed uint64) Interval {
	undefined := Interval{math.NaN(), math.NaN()}
	if n < 2 || resamples < 1 || !(level > 0 && level < 1) {
		return undefined
	}
	random := newRandom(seed)
	sample := make([]int, n)
	values := make([]float64, 0, resamples)
	for range resamples {
		for i := range sample {
			sample[i] = random.IntN(n)
		}
		if v := statistic(sample); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if 2*len(values) < resamples {
		return undefined
	}
	slices.Sort(values)
	tail := (1 - level) / 2
	return Interval{
		Lo: stat.Quantile(tail, stat.Empirical, values, nil),
		Hi: stat.Quantile(1-tail, stat.Empirical, values, nil),
	}
}

// SpearmanInterval returns the [Bootstrap] interval of [Spearman] over the
// candidates. 2,000 resamples give ends that are steady to about 0.01.
func SpearmanInterval(x, y []float64, level float64, resamples int, seed uint64) Interval {
	if len(x) != len(y) {
		return Interval{math.NaN(), math.NaN()}
	}
	sx, sy := make([]float64, len(x)), make([]float64, len(x))
	return Bootstrap(len(x), func(sample []int) float64 {
		for i, s := range sample {
			sx[i], sy[i] = x[s], y[s]
		}
		return Spearman(sx, sy)
	}, level, resamples, seed)
}

// RhoChange is the outcome of [PermutationTest].
type RhoChange struct {
	Difference float64 // rho(later, final) - rho(earlier, final), in [-2, 2]
	P          float64 // two-sided p-value, in (0, 1]
}

// PermutationTest tests whether the losses later foretell the order of the final
// losses better, or worse, than the losses earlier do: a paired permutation test
// of the difference of two Spearman correlations that share the final losses.
//
// Under the null hypothesis the two ranks that a candidate has, by its earlier
// and by its later loss, could as well be exchanged. So each permutation
// exchanges them for every candidate with probability 1/2, ranks again, and
// looks whether the difference is at least as large in size as the one
// observed; p = (1 + such permutations) / (1 + permutations), as Phipson and
// Smyth (2010) recommend. Both results are NaN where a correlation is undefined,
// the lengths differ, or permutations < 1.
func PermutationTest(earlier, later, final []float64, permutations int, seed uint64) RhoChange {
	n := len(final)
	difference := Spearman(later, final) - Spearman(earlier, final)
	if len(earlier) != n || len(later) != n || permutations < 1 || math.IsNaN(difference) {
		return RhoChange{math.NaN(), math.NaN()}
	}
	// Losses fall between the two steps; only their ranks can be exchanged.
	a, b, f := Ranks(earlier), Ranks(later), Ranks(final)
	pa, pb := make([]float64, n), make([]float64, n)
	random := newRandom(seed)
	extreme := 0
	for range permutations {
		for i := range n {
			pa[i], pb[i] = a[i], b[i]
			if random.IntN(2) == 1 {
				pa[i], pb[i] = pb[i], pa[i]
			}
		}
		d := Spearman(pb, f) - Spearman(pa, f)
		// Differences that are equal on paper may differ in the last digits. A NaN
		// (all ranks became equal) is counted, which can only raise p.
		if !(math.Abs(d) < math.Abs(difference)-1e-12) {
			extreme++
		}
	}
	return RhoChange{difference, float64(1+extreme) / float64(1+permutations)}
}

// newRandom returns the generator that belongs to a seed.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x6c6167)) // the stream number spells "lag"
}
