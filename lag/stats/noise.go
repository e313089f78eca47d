package stats

import (
	"fmt"
	"math"
)

// NoiseRatio is the ratio of spreads below which a ranking is called noise.
const NoiseRatio = 2

// Spread compares how far final losses differ between strategies with how far
// they differ between seeds. Both are standard deviations, in nats.
type Spread struct {
	Strategies float64 // of the strategies' means over the seeds
	Seeds      float64 // of a strategy's loss under another seed, less what the seed does to all strategies
	Ratio      float64 // Strategies / Seeds
	Counted    int     // strategies without a diverged run
}

// MeasureSpread returns the spread of final losses l[r][s] of R seeds and S
// strategies. With the model
//
//	l[r][s] = mean + strategy[s] + seed[r] + e[r][s]
//
// Strategies is the standard deviation of the means over seeds, with S-1 degrees
// of freedom, and Seeds that of the residuals e, the interaction of strategy and
// seed:
//
//	Strategies² = sum over s of (l[.][s] - l[.][.])² / (S-1)
//	Seeds²      = sum over r, s of (l[r][s] - l[r][.] - l[.][s] + l[.][.])² / ((R-1)(S-1))
//
// a dot for the mean over that index (two-way analysis of variance with one
// observation in each cell). Candidates of one seed share their batches, so what
// a seed does to all of them moves no rank and is no part of the noise.
// Were all strategies alike, Ratio would be about 1/sqrt(R).
//
// Strategies of which a run diverged are left out. All but Counted is NaN for
// fewer than two seeds or two strategies, and where rows differ in length. Where
// Seeds is 0, Ratio is +Inf, or NaN if Strategies is 0 too.
func MeasureSpread(final [][]float64) Spread {
	undefined := Spread{math.NaN(), math.NaN(), math.NaN(), 0}
	all, ok := shape(final)
	if !ok {
		return undefined
	}
	var strategies []int
	for s := range all {
		finite := true
		for r := range final {
			finite = finite && isFinite(final[r][s])
		}
		if finite {
			strategies = append(strategies, s)
		}
	}
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

// IsNoise reports whether the strategies' spread is under [NoiseRatio] times the
// seeds'. An undefined spread, as that of one seed, is not called noise: nothing
// was measured.
func (s Spread) IsNoise() bool { return s.Ratio < NoiseRatio }

// String is the verdict in words.
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
