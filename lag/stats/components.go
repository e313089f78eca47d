package stats

import "math"

// Components are the parts of the variance of final losses when each strategy grows
// several sources and is trained with several seeds after that. All are variances, in
// nats², and at least 0.
type Components struct {
	Sources     float64 // of the effect of a source on all strategies
	Strategies  float64 // of the strategies' effects: the differences that a choice is about
	Interaction float64 // of a source's effect on single strategies: they rank differently on another source
	Seeds       float64 // of the effect of a seed of the training on all strategies
	Residual    float64 // of a seed's effect on single strategies

	Counted int // strategies without a diverged run
}

// Repeatability returns the share of the variance between strategies that another
// source and other seeds repeat, when each strategy is the mean over sources and over
// seeds of each:
//
//	Strategies / (Strategies + Interaction/K + Residual/(K R))
//
// for K sources and R seeds. It is NaN if the components are. If they were measured
// with one seed, it holds for one.
func (c Components) Repeatability(sources, seeds int) float64 {
	k, residual := float64(sources), c.Residual/float64(seeds)
	if math.IsNaN(residual) {
		residual = 0 // it is part of Interaction
	}
	return c.Strategies / (c.Strategies + (c.Interaction+residual)/k)
}

// MeasureComponents returns the components of the final losses final[k][r][s] for K
// sources, R seeds and S strategies, in the model
//
//	final[k][r][s] = mean + source[k] + strategy[s] + both[k][s] + seed[k][r] + e[k][r][s]
//
// by the method of moments: the mean squares of a balanced analysis of variance are
// set equal to their expected values (Searle, Casella and McCulloch 1992, Variance
// Components, chapter 4). A seed is nested in a source: with another source it is
// another training. A negative estimate, which is that of a small component, is 0.
//
//	MSe      = sum of (l[k][r][s] - l[k][.][s] - l[k][r][.] + l[k][.][.])² / (K(R-1)(S-1))    = Residual
//	MSseed   = S sum of (l[k][r][.] - l[k][.][.])² / (K(R-1))                                 = Residual + S Seeds
//	MSboth   = R sum of (l[k][.][s] - l[k][.][.] - l[.][.][s] + l[.][.][.])² / ((K-1)(S-1))   = Residual + R Interaction
//	MSsource = S R sum of (l[k][.][.] - l[.][.][.])² / (K-1)                                  = MSboth + MSseed - MSe + S R Sources
//	MSstrat  = K R sum of (l[.][.][s] - l[.][.][.])² / (S-1)                                  = MSboth + K R Strategies
//
// where a dot stands for the mean over that index. Strategies with a diverged run are
// left out. With one seed Residual and Seeds are NaN, Interaction holds what it and
// Residual are together, and Sources what it and Seeds are. All are NaN for
// fewer than two sources or two strategies, and if the table is not rectangular.
func MeasureComponents(final [][][]float64) Components {
	nan := math.NaN()
	undefined := Components{nan, nan, nan, nan, nan, 0}
	if len(final) < 2 || len(final[0]) == 0 {
		return undefined
	}
	var rows [][]float64
	for _, seeds := range final {
		if len(seeds) != len(final[0]) {
			return undefined
		}
		rows = append(rows, seeds...)
	}
	if _, ok := shape(rows); !ok {
		return undefined
	}
	kept := finiteColumns(rows)
	undefined.Counted = len(kept)
	if len(kept) < 2 {
		return undefined
	}
	K, R, S := float64(len(final)), float64(len(final[0])), float64(len(kept))

	mean, strategy := 0.0, make([]float64, len(kept)) // l[.][.][.] and l[.][.][s]
	source := make([]float64, len(final))             // l[k][.][.]
	both := make([][]float64, len(final))             // l[k][.][s]
	for k, seeds := range final {
		both[k] = make([]float64, len(kept))
		for _, losses := range seeds {
			for i, s := range kept {
				both[k][i] += losses[s] / R
			}
		}
		for i, l := range both[k] {
			source[k] += l / S
			strategy[i] += l / K
			mean += l / (K * S)
		}
	}
	var ofSource, ofBoth, ofStrategy, ofSeed, residual float64 // sums of squares
	for k, seeds := range final {
		ofSource += square(source[k] - mean)
		for i := range kept {
			ofBoth += square(both[k][i] - source[k] - strategy[i] + mean)
		}
		for _, losses := range seeds {
			seed := 0.0 // l[k][r][.]
			for _, s := range kept {
				seed += losses[s] / S
			}
			ofSeed += square(seed - source[k])
			for i, s := range kept {
				residual += square(losses[s] - both[k][i] - seed + source[k])
			}
		}
	}
	for _, l := range strategy {
		ofStrategy += square(l - mean)
	}
	msSource, msBoth, msStrategy := S*R*ofSource/(K-1), R*ofBoth/((K-1)*(S-1)), K*R*ofStrategy/(S-1)
	if R < 2 {
		return Components{
			Sources: max(0, (msSource-msBoth)/S), Strategies: max(0, (msStrategy-msBoth)/K), Interaction: msBoth, Seeds: nan, Residual: nan, Counted: len(kept),
		}
	}
	msResidual, msSeed := residual/(K*(R-1)*(S-1)), S*ofSeed/(K*(R-1))
	return Components{
		Sources: max(0, (msSource-msBoth-msSeed+msResidual)/(S*R)), Strategies: max(0, (msStrategy-msBoth)/(K*R)),
		Interaction: max(0, (msBoth-msResidual)/R), Seeds: max(0, (msSeed-msResidual)/S), Residual: msResidual, Counted: len(kept),
	}
}

// finiteColumns returns the columns in which all values are finite.
func finiteColumns(rows [][]float64) []int {
	var columns []int
	for s := range rows[0] {
		finite := true
		for _, row := range rows {
			finite = finite && isFinite(row[s])
		}
		if finite {
			columns = append(columns, s)
		}
	}
	return columns
}
