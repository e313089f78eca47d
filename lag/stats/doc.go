// Package stats measures how well an early loss foretells the final one: ranks,
// correlations with intervals and tests, over one seed or several, the lag time,
// and the regret of a pick; how much of a ranking is noise, of seeds
// ([MeasureSpread]) or of the validation set ([Separable]); and how a curve goes on
// ([FitPowerLaw], [LossSlope]).
//
// Everywhere below, a sample holds one value for each candidate (a growth
// strategy, or a strategy under one seed), and values are losses: lower is
// better. Tables of several seeds are indexed [seed][strategy]: one row for each
// seed, with the strategies in one order. Losses are in nats per predicted token; correlations have no unit.
//
// # Diverged candidates
//
// A candidate whose training diverged has no final loss. Write its loss as NaN
// or +Inf; the two mean the same here. Measures that use only the order
// ([Ranks], [Spearman], [KendallTauB], [ArgMin], [HitAt]) place such candidates
// last, tied with each other. Measures that use the size of the losses
// ([Pearson], [LinearFit], [MeasureSpread], [PairedDifference]) leave them out, which their names cannot show: with
// diverged candidates Pearson speaks of the survivors only. The [Regret] of
// picking a diverged candidate is +Inf.
//
// # Undefined values
//
// A correlation with a constant sample, of fewer than two candidates, or of
// samples of different lengths is undefined, and returned as NaN.
//
// Everything random takes a seed; the same arguments give the same result on
// every machine. The package is pure Go and depends on gonum only.
package stats
