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
// in the pool. With few candidates it is rough; for one seed's correlations
// [SpearmanInterval] and [PearsonInterval] keep closer to their level.
func Bootstrap(n int, statistic func(sample []int) float64, level float64, resamples int, seed uint64) Interval {
	if n < 2 || resamples < 1 || !(level > 0 && level < 1) {
		return undefinedInterval()
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
	return percentiles(values, level, resamples)
}

// percentiles returns the interval that leaves out equal tails of the values,
// which are the ones that count of the resamples.
func percentiles(values []float64, level float64, resamples int) Interval {
	if 2*len(values) < resamples {
		return undefinedInterval()
	}
	slices.Sort(values)
	tail := (1 - level) / 2
	return Interval{
		Lo: stat.Quantile(tail, stat.Empirical, values, nil),
		Hi: stat.Quantile(1-tail, stat.Empirical, values, nil),
	}
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
	return MeanPermutationTest([][]float64{earlier}, [][]float64{later}, [][]float64{final}, permutations, seed)
}

// newRandom returns the generator that belongs to a seed.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x6c6167)) // the stream number spells "lag"
}
