package stats

import (
	"cmp"
	"math"
	"slices"
)

// WeightedTau returns the weighted tau of x and y, in [-1, 1] (Vigna 2015, A
// Weighted Correlation Index for Rankings with Ties, WWW):
//
//	tau = <x,y> / sqrt(<x,x> <y,y>)
//	<x,y> = sum over i < j of sgn(x[i]-x[j]) sgn(y[i]-y[j]) (1/rank[i] + 1/rank[j])
//
// where rank is 1 for the lowest loss. It is the mean of two values: with ranks
// by x, ties by y, and with ranks by y, ties by x. An exchange of two good
// candidates so costs more than one of two bad ones. It is
// scipy.stats.weightedtau(-x, -y) with its defaults. NaN values rank last, see
// [Ranks]. The result is NaN if x or y is constant, if there are fewer than two
// pairs, or if the lengths differ.
func WeightedTau(x, y []float64) float64 {
	if len(x) != len(y) {
		return math.NaN()
	}
	tau := (weightedTau(x, y, placesBy(x, y)) + weightedTau(x, y, placesBy(y, x))) / 2
	return max(-1, min(1, tau))
}

// placesBy returns the place of each candidate by x, ties by y, from 0.
func placesBy(x, y []float64) []int {
	order, place := make([]int, len(x)), make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(compareLoss(x[a], x[b]), compareLoss(y[a], y[b])) })
	for p, i := range order {
		place[i] = p
	}
	return place
}

func weightedTau(x, y []float64, place []int) float64 {
	var xy, xx, yy float64
	for i := range x {
		for j := range i {
			weight := 1/float64(1+place[i]) + 1/float64(1+place[j])
			a, b := float64(compareLoss(x[i], x[j])), float64(compareLoss(y[i], y[j]))
			xy, xx, yy = xy+a*b*weight, xx+a*a*weight, yy+b*b*weight
		}
	}
	return xy / math.Sqrt(xx) / math.Sqrt(yy) // 0/0 = NaN if one is constant
}

// TopRecall returns the share of the k candidates with the lowest final losses
// that are among the k with the lowest early losses. Of equal losses the first
// ones count as lower, and a diverged candidate is never among them. The result
// is NaN if k is not in [1, len(final)], if no candidate has a final loss, or if
// the lengths differ.
func TopRecall(early, final []float64, k int) float64 {
	if len(early) != len(final) || k < 1 || k > len(final) {
		return math.NaN()
	}
	first, best := lowest(early, k), lowest(final, k)
	found := 0
	for _, i := range best {
		if slices.Contains(first, i) {
			found++
		}
	}
	return float64(found) / float64(len(best)) // 0/0 = NaN if all diverged
}

// lowest returns up to k indices of the lowest losses that are finite.
func lowest(losses []float64, k int) []int {
	var order []int
	for i, l := range losses {
		if isFinite(l) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareLoss(losses[a], losses[b]) })
	return order[:min(k, len(order))]
}

// WithinEpsilon returns the probability that the candidate with the lowest early
// loss ends at most epsilon nats above the best: the share of the bootstrap
// resamples of the seeds in which the [Regret] of that pick is at most epsilon.
// Losses are [MeanLosses], early and final from the same resample. early and
// final are indexed [seed][strategy].
//
// With up to five seeds all resamples count, R^R for R seeds, with more than
// five 4,000 random ones. A resample of few seeds varies less than new seeds
// would, by the factor (R-1)/R of the variance, so that the probability is
// nearer to 0 or 1 than it should be. It is NaN for fewer than two seeds, if
// the tables differ in shape, and if all candidates diverged.
func WithinEpsilon(early, final [][]float64, epsilon float64, seed uint64) float64 {
	const exactly, random = 5, 4000
	n, ok := shape(early, final)
	R := len(early)
	if !ok || R < 2 {
		return math.NaN()
	}
	e, f := newLevelled(early), newLevelled(final)
	within, drawn := 0, 0
	means, ends := make([]float64, n), make([]float64, n)
	count := func(sample []int) {
		e.meansOf(sample, means)
		f.meansOf(sample, ends)
		if drawn++; Regret(ends, ArgMin(means)) <= epsilon { // false for NaN, if all diverged early
			within++
		}
	}
	if ArgMin(MeanLosses(final)) < 0 {
		return math.NaN()
	}
	sample := make([]int, R)
	if R > exactly {
		generator := newRandom(seed)
		for range random {
			for i := range sample {
				sample[i] = generator.IntN(R)
			}
			count(sample)
		}
		return float64(within) / float64(drawn)
	}
	for k := range int(math.Pow(float64(R), float64(R))) {
		for i := range sample { // the digits of k to the base R
			sample[i] = k % R
			k /= R
		}
		count(sample)
	}
	return float64(within) / float64(drawn)
}
