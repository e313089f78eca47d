package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Interval is a confidence interval. Both ends are NaN if it is undefined.
type Interval struct{ Lo, Hi float64 }

// Bootstrap returns the percentile bootstrap interval for a statistic of n
// candidates (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// chapter 13).
//
// For each resample it draws n candidate indices with replacement and calls
// statistic with them, which must not keep the slice. All values of a candidate
// (such as its losses at several steps) thus stay together. Level is the
// coverage, in (0, 1), usually 0.95. Resamples for which the statistic is NaN,
// such as the correlation of a constant, do not count. If fewer than half
// count, or an argument is out of range, the interval is NaN.
//
// The interval describes how much the statistic would change with other
// candidates in the pool. With few candidates it is rough. For correlations of
// one seed, the coverage of [SpearmanInterval] and [PearsonInterval] is closer
// to the level.
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

// percentiles returns the interval between equal tails of the values of
// resamples that count. It is undefined if fewer than half of all resamples
// count.
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

// RhoChange is the result of [PermutationTest].
type RhoChange struct {
	Difference float64 // rho(later, final) - rho(earlier, final), in [-2, 2]
	P          float64 // two-sided p-value, in (0, 1]
}

// PermutationTest tests whether the later losses predict the order of the final
// losses better, or worse, than the earlier losses do. It is a paired
// permutation test for the difference of two Spearman correlations that share
// the final losses.
//
// Under the null hypothesis the two ranks of a candidate, by its earlier and
// its later loss, can be exchanged. So each permutation exchanges them for
// every candidate with probability 1/2, ranks again, and checks whether the
// absolute difference is at least the observed one. As Phipson and Smyth (2010)
// recommend, p = (1 + such permutations) / (1 + permutations). Both results are
// NaN if a correlation is undefined, if the lengths differ, or if permutations
// < 1.
func PermutationTest(earlier, later, final []float64, permutations int, seed uint64) RhoChange {
	return MeanPermutationTest([][]float64{earlier}, [][]float64{later}, [][]float64{final}, permutations, seed)
}

// newRandom returns the random number generator for a seed.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x6c6167)) // the stream number spells "lag"
}
