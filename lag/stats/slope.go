package stats

import "math"

// LossSlope returns the current rate of change of a loss: the slope of the
// least-squares line of loss against the natural logarithm of the step, over at
// most the last points. Its unit is nats per e-fold of training. Multiplied by
// ln 2 it is the change that training twice as long would bring if the trend
// continued.
//
// Step 0, which has no logarithm, and points with a NaN or infinite loss are
// removed before the last points are selected. The result is NaN if fewer than
// two steps remain, or if the lengths differ.
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
