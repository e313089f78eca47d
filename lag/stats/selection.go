package stats

import (
	"math"
	"slices"
)

// LagTime returns the first of the steps from which the correlation stays at or
// above the threshold, up to the last one given; ok is false where the last one
// is below it or NaN. steps ascend, and rhos[i] is the correlation at steps[i].
//
// The final loss correlates perfectly with itself. So leave the last step of
// training out, or a lag time is always found.
func LagTime(steps []int, rhos []float64, threshold float64) (step int, ok bool) {
	for i := min(len(steps), len(rhos)) - 1; i >= 0 && rhos[i] >= threshold; i-- {
		step, ok = steps[i], true
	}
	return step, ok
}

// ArgMin returns the index of the lowest loss, the first of equal ones. NaN and
// +Inf are never picked; the result is -1 where there is nothing else.
func ArgMin(losses []float64) int {
	best := -1
	for i, l := range losses {
		if isFinite(l) && (best < 0 || l < losses[best]) {
			best = i
		}
	}
	return best
}

// Regret returns what picking one candidate costs: its final loss less the
// lowest final loss of the pool, in nats, never negative. It is +Inf where the
// pick diverged, and NaN where every candidate did or pick is no index of final.
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

// MeanRegret returns the [Regret] to be expected of a pick at random. It is +Inf
// where any candidate diverged, and NaN where all did.
func MeanRegret(final []float64) float64 {
	sum := 0.0
	for i := range final {
		sum += Regret(final, i)
	}
	return sum / float64(len(final))
}

// NormalizeRegret expresses a regret in units of what there is to gain, the
// median less the minimum of the final losses: 0 is the best of the pool, 1 no
// better than the middle of it. Diverged candidates count in the median as +Inf.
// The result is NaN where the median is infinite or equals the minimum.
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

// HitAt reports whether the pick is among the k candidates with the lowest final
// losses. Of equal losses either all are among them or none: fewer than k
// candidates must be strictly better. A diverged pick is no hit.
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

// median returns the middle value, or the mean of the two middle ones, with NaN
// counting as +Inf.
func median(x []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(x), compareLoss)
	lower, upper := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	return (lower + upper) / 2
}
