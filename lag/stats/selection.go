package stats

import (
	"math"
	"slices"
)

// LagTime returns the first step from which the correlation stays at or above
// the threshold up to the last step. ok is false if the last correlation is
// below the threshold or NaN. Steps must be in ascending order, and rhos[i] is
// the correlation at steps[i].
//
// Do not include the last step of training: there the correlation is always 1,
// so there would always be a lag time.
func LagTime(steps []int, rhos []float64, threshold float64) (step int, ok bool) {
	for i := min(len(steps), len(rhos)) - 1; i >= 0 && rhos[i] >= threshold; i-- {
		step, ok = steps[i], true
	}
	return step, ok
}

// ArgMin returns the index of the lowest loss, the first of equal ones. It
// ignores NaN and +Inf, and returns -1 if no other value remains.
func ArgMin(losses []float64) int {
	best := -1
	for i, l := range losses {
		if isFinite(l) && (best < 0 || l < losses[best]) {
			best = i
		}
	}
	return best
}

// Regret returns the cost of picking a candidate: its final loss minus the
// lowest final loss of the pool, in nats, never negative. It is +Inf if the
// pick diverged, and NaN if all candidates diverged or pick is not an index of
// final.
func Regret(final []float64, pick int) float64 {
	best := ArgMin(final)
	switch {
	case best < 0 || pick < 0 || pick >= len(final):
		return math.NaN()
	case !isFinite(final[pick]):
		return math.Inf(1)
	}
	return final[pick] - final[best]
}

// MeanRegret returns the expected [Regret] of a uniformly random pick. It is
// +Inf if any candidate diverged, and NaN if all did.
func MeanRegret(final []float64) float64 {
	sum := 0.0
	for i := range final {
		sum += Regret(final, i)
	}
	return sum / float64(len(final))
}

// BestOfRegret returns the expected [Regret] of the best of n different
// candidates drawn with equal probability. With n = 1 it is [MeanRegret], and
// with all of them 0. It is +Inf if all n may diverge, and NaN if all candidates
// did or n is not in [1, len(final)].
//
// Let l[0] <= ... <= l[S-1] be the final losses. The best of n is l[i] if it is
// drawn and the other n-1 are among the S-1-i that follow it, so its
// probability is C(S-1-i, n-1) / C(S, n).
func BestOfRegret(final []float64, n int) float64 {
	best, size := ArgMin(final), len(final)
	if best < 0 || n < 1 || n > size {
		return math.NaN()
	}
	sorted := slices.SortedFunc(slices.Values(final), compareLoss)
	sum := 0.0
	p := float64(n) / float64(size) // of the lowest: C(S-1, n-1) / C(S, n)
	for i := range size - n + 1 {
		if !isFinite(sorted[i]) {
			return math.Inf(1)
		}
		sum += p * (sorted[i] - final[best])
		if rest := size - 1 - i; rest > 0 {
			p *= float64(rest-n+1) / float64(rest) // C(rest-1, n-1) / C(rest, n-1)
		}
	}
	return sum
}

// NormalizeRegret divides a regret by the possible gain, which is the median
// minus the minimum of the final losses. 0 is the best of the pool, and 1 is as
// bad as the median. Diverged candidates count as +Inf in the median. The
// result is NaN if the median is infinite or equals the minimum.
func NormalizeRegret(final []float64, regret float64) float64 {
	best := ArgMin(final)
	if best < 0 {
		return math.NaN()
	}
	gain := median(final) - final[best]
	if !isFinite(gain) || gain <= 0 {
		return math.NaN()
	}
	return regret / gain
}

// HitAt reports whether the pick is among the k candidates with the lowest
// final losses: fewer than k candidates must be strictly better. Candidates
// with equal losses are therefore all among them or all not. A diverged pick is
// never a hit.
func HitAt(final []float64, pick, k int) bool {
	if pick < 0 || pick >= len(final) || !isFinite(final[pick]) {
		return false
	}
	better := 0
	for _, l := range final {
		if l < final[pick] {
			better++
		}
	}
	return better < k
}

// median returns the middle value, or the mean of the two middle values. NaN
// counts as +Inf.
func median(x []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(x), compareLoss)
	lower, upper := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	return (lower + upper) / 2
}
