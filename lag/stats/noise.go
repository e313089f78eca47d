package stats

import (
	"fmt"
	"math"
)

// NoiseRatio is the least ratio of spreads for a ranking that is not called
// noise.
const NoiseRatio = 2

// Spread compares the differences of final losses between strategies and
// between seeds. Both are standard deviations, in nats.
type Spread struct {
	Strategies float64 // standard deviation of the strategies' means over the seeds
	Seeds      float64 // standard deviation of a strategy's loss between seeds, without the seed's effect on all strategies
	Ratio      float64 // Strategies / Seeds
	Counted    int     // number of strategies without a diverged run
}

// MeasureSpread returns the spread of the final losses l[r][s] for R seeds and
// S strategies. In the model
//
//	l[r][s] = mean + strategy[s] + seed[r] + e[r][s]
//
// Strategies is the standard deviation of the means over seeds, with S-1
// degrees of freedom. Seeds is the standard deviation of the residuals e, which
// are the interaction of strategy and seed:
//
//	Strategies² = sum over s of (l[.][s] - l[.][.])² / (S-1)
//	Seeds²      = sum over r, s of (l[r][s] - l[r][.] - l[.][s] + l[.][.])² / ((R-1)(S-1))
//
// where a dot stands for the mean over that index (two-way analysis of variance
// with one observation in each cell). Candidates with the same seed share their
// batches. An effect of a seed on all of them does not change the ranking and
// does not count as noise. If all strategies were equal, Ratio would be about
// 1/sqrt(R).
//
// Strategies with a diverged run are ignored. All fields except Counted are NaN
// if fewer than two seeds or two strategies remain, or if rows differ in
// length. If Seeds is 0, Ratio is +Inf, or NaN if Strategies is 0 too.
func MeasureSpread(final [][]float64) Spread {
	undefined := Spread{math.NaN(), math.NaN(), math.NaN(), 0}
	if _, ok := shape(final); !ok {
		return undefined
	}
	strategies := finiteColumns(final)
	undefined.Counted = len(strategies)
	if len(final) < 2 || len(strategies) < 2 {
		return undefined
	}
	R, S := float64(len(final)), float64(len(strategies))
	seedMean, strategyMean, mean := make([]float64, len(final)), make([]float64, len(strategies)), 0.0
	for r := range final {
		for i, s := range strategies {
			seedMean[r] += final[r][s] / S
			strategyMean[i] += final[r][s] / R
			mean += final[r][s] / (R * S)
		}
	}
	var between, residual float64
	for i, s := range strategies {
		between += square(strategyMean[i] - mean)
		for r := range final {
			residual += square(final[r][s] - seedMean[r] - strategyMean[i] + mean)
		}
	}
	spread := Spread{Strategies: math.Sqrt(between / (S - 1)), Seeds: math.Sqrt(residual / ((R - 1) * (S - 1))), Counted: len(strategies)}
	spread.Ratio = spread.Strategies / spread.Seeds
	return spread
}

// IsNoise reports whether the spread between strategies is less than
// [NoiseRatio] times the spread between seeds. It is false for an undefined
// spread, such as that of one seed, because nothing was measured.
func (s Spread) IsNoise() bool { return s.Ratio < NoiseRatio }

// String describes the spread and whether the ranking is noise.
func (s Spread) String() string {
	sizes := fmt.Sprintf("final losses differ by %.4f nats between strategies and by %.4f between seeds (standard deviations, ratio %.1f)", s.Strategies, s.Seeds, s.Ratio)
	switch {
	case math.IsNaN(s.Ratio):
		return "whether the ranking is noise was not measured: it takes two seeds and two strategies that differ"
	case s.IsNoise():
		return "the ranking is noise: " + sizes
	}
	return "the ranking is more than noise: " + sizes
}

func square(x float64) float64 { return x * x }
