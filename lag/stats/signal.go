package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// SignalToNoise compares how far strategies are apart at a step with how far
// one strategy's loss moves between evaluations. Signal and Noise are standard
// deviations, in nats.
type SignalToNoise struct {
	Signal  float64 // standard deviation of the strategies' mean losses over the seeds
	Noise   float64 // standard deviation of one training's last evaluations, without what all strategies have in common
	Ratio   float64 // Signal / Noise
	Counted int     // strategies whose losses are all finite
}

// leastEvaluations is the least number of evaluations with a noise.
const leastEvaluations = 3

// MeasureSignal returns the signal-to-noise ratio of the last of K evaluations,
// after Heineman et al. 2025, Signal and Noise (arXiv 2508.13144). losses are
// indexed [evaluation][seed][strategy]. With
//
//	d[k][r][s] = l[k][r][s] - mean over s of l[k][r][s]
//
// for R seeds and S strategies
//
//	Signal² = sum over s of (mean over r of d[K-1][r][s])² / (S-1)
//	Noise²  = sum over k, r, s of (d[k][r][s] - mean over k of d[.][r][s])² / ((K-1) R (S-1))
//
// The paper divides the largest difference of two models by the mean, and the
// standard deviation of a model's last checkpoints by theirs. Here the
// strategies' standard deviation takes the place of the largest difference,
// because one strategy that fails would decide it, and the fall of the loss that
// all strategies share does not count as noise. What a strategy gains on the
// others does: where the order still changes, the ratio is low.
//
// Strategies with a loss that is not finite are ignored. The fields but Counted
// are NaN for fewer than two strategies, for fewer than three evaluations and
// if the tables differ in shape. If Noise is 0, Ratio is +Inf, or NaN if Signal
// is 0 too.
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
	deviation := func(k, r int) []float64 {
		d := make([]float64, S)
		for i, s := range strategies {
			d[i] = losses[k][r][s]
		}
		mean := stat.Mean(d, nil)
		for i := range d {
			d[i] -= mean
		}
		return d
	}
	means, noise := make([]float64, S), 0.0
	for r := range R {
		ofSeed := make([][]float64, K)
		for k := range K {
			ofSeed[k] = deviation(k, r)
		}
		over := make([]float64, K)
		for i := range S {
			for k := range K {
				over[k] = ofSeed[k][i]
			}
			means[i] += over[K-1] / float64(R)
			noise += stat.Variance(over, nil)
		}
	}
	found.Signal = stat.StdDev(means, nil)
	found.Noise = math.Sqrt(noise / float64(R*(S-1)))
	found.Ratio = found.Signal / found.Noise
	return found
}
