package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// SignalToNoise compares how far strategies are apart at a step with how far
// one strategy moves among them between evaluations. Signal and Noise are
// standard deviations, in nats.
type SignalToNoise struct {
	Signal  float64 // standard deviation over the strategies, the root mean square over the seeds
	Noise   float64 // standard deviation of one training's last evaluations relative to the others
	Ratio   float64 // Signal / Noise
	Counted int     // strategies whose losses are all finite
}

// leastEvaluations is the least number of evaluations with a noise.
const leastEvaluations = 3

// MeasureSignal returns the signal-to-noise ratio of the last of K evaluations,
// after Heineman et al. 2025, Signal and Noise (arXiv 2508.13144). losses are
// indexed [evaluation][seed][strategy]. With the place of a strategy among the
// others
//
//	z[k][r][s] = (l[k][r][s] - mean over s of l[k][r][s]) / sd[k][r]
//
// where sd is the standard deviation over the S strategies, and R seeds
//
//	Signal²         = mean over r of sd[K-1][r]²
//	(Noise/Signal)² = sum over k, r, s of (z[k][r][s] - mean over k of z[.][r][s])² / ((K-1) R (S-1))
//
// The paper divides the largest difference of two models by their mean, and the
// standard deviation of a model's last checkpoints by theirs. Here the standard
// deviation over the strategies takes the place of both the largest difference,
// which one strategy that fails would decide, and the mean: loss curves fall and
// close up while they are young, and what all strategies share in that is no
// noise. What one strategy gains on the others is: where the order changes, the
// ratio is low. If the order were drawn anew for each evaluation, it would be
// about 1. It does not know the end: an order can be stable and wrong.
//
// Strategies with a loss that is not finite are ignored. The fields but Counted
// are NaN for fewer than two strategies, for fewer than three evaluations, if
// all losses of an evaluation are equal, and if the tables differ in shape. If
// no strategy moves, Noise is 0 and Ratio is +Inf.
func MeasureSignal(losses [][][]float64) SignalToNoise {
	found := SignalToNoise{math.NaN(), math.NaN(), math.NaN(), 0}
	K := len(losses)
	if K == 0 {
		return found
	}
	all, ok := shape(losses...)
	if !ok {
		return found
	}
	var strategies []int
	for s := range all {
		finite := true
		for _, table := range losses {
			for _, row := range table {
				finite = finite && isFinite(row[s])
			}
		}
		if finite {
			strategies = append(strategies, s)
		}
	}
	S, R := len(strategies), len(losses[0])
	if found.Counted = S; S < 2 || K < leastEvaluations {
		return found
	}
	var signal, noise float64
	for r := range R {
		places := make([][]float64, S) // z of each strategy, by evaluation
		for k := range K {
			at := make([]float64, S)
			for i, s := range strategies {
				at[i] = losses[k][r][s]
			}
			mean, deviation := stat.MeanStdDev(at, nil)
			for i := range at {
				places[i] = append(places[i], (at[i]-mean)/deviation)
			}
			if k == K-1 {
				signal += square(deviation) / float64(R)
			}
		}
		for _, z := range places {
			noise += stat.Variance(z, nil) / float64(R*(S-1))
		}
	}
	if math.IsNaN(noise) { // all were equal
		return found
	}
	found.Signal, found.Noise, found.Ratio = math.Sqrt(signal), math.Sqrt(signal*noise), 1/math.Sqrt(noise)
	return found
}
