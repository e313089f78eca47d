// Package stats measures how well early losses predict final ones. It has
// ranks; correlations with confidence intervals and tests, for one or several
// seeds; the lag time; the accuracy of decisions between two strategies
// ([MeasureDecisions]); the recall of the best ([TopRecall]); and the regret of a
// pick. It also measures how much of a ranking is noise due to seeds
// ([MeasureSpread]), to the validation set ([Separable]) or to when a loss is
// measured ([MeasureSignal]), and extrapolates loss curves ([FitPowerLaw],
// [LossSlope]).
//
// In this package a sample has one value for each candidate (a growth strategy,
// or a strategy with one seed). The values are losses: lower is better. Tables
// for several seeds are indexed [seed][strategy]: each row is a seed, with the
// strategies in the same order. Losses are in nats per predicted token;
// correlations have no unit.
//
// # Diverged candidates
//
// A candidate whose training diverged has no final loss. Write its loss as NaN
// or +Inf, which mean the same here. Functions that use only the order
// ([Ranks], [Spearman], [KendallTauB], [WeightedTau], [DecisionAccuracy],
// [TopRecall], [ArgMin], [HitAt]) put such candidates
// last, tied with each other. Functions that use the values ([Pearson],
// [LinearFit], [MeasureSpread], [PairedDifference]) ignore them. So with
// diverged candidates, Pearson only describes the others. The [Regret] of
// picking a diverged candidate is +Inf.
//
// # Undefined values
//
// A correlation is undefined, and returned as NaN, if a sample is constant, if
// there are fewer than two candidates, or if the lengths differ.
//
// Functions that use random numbers take a seed. The same arguments give the
// same result on every machine. The package is pure Go and depends only on
// gonum.
package stats
