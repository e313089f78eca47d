package stats

import "math"

// LossSlope returns how fast a loss still falls: the slope of the least-squares
// line of loss against the natural logarithm of the step, over the last points, at
// most so many. Its unit is nats per e-fold of training; times ln 2 it is what
// training twice as long would change if the curve went on so.
//
// Step 0, which has no logarithm, and points with a NaN or an infinite loss are
// left out before the last ones are taken. The result is NaN where fewer than two
// steps remain, and where the lengths differ.
func LossSlope(steps []int, losses []float64, last int) float64 {
	if len(steps) != len(losses) {
		return math.NaN()
	}
	var logs, kept []float64
	for i, step := range steps {
		if step > 0 && isFinite(losses[i]) {
			logs, kept = append(logs, math.Log(float64(step))), append(kept, losses[i])
		}
	}
	from := max(0, len(kept)-max(0, last))
	_, slope := LinearFit(logs[from:], kept[from:])
	return slope
}
