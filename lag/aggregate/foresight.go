package aggregate

import (
	"context"
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/stats"
)

const (
	// Epsilon is the regret, in nats per predicted token, up to which a pick is as
	// good as the best: 1% of the perplexity.
	Epsilon = 0.01

	// LastEvaluations is the number of evaluations, up to a step, over which the
	// noise of a loss is measured.
	LastEvaluations = 5

	clearErrors = 2 // standard errors between two strategies that clearly differ
	level       = 0.95
	resampling  = 1 // seed
)

// TopK are the numbers of strategies whose recall is measured.
var TopK = [...]int{1, 3, 5}

// Foresight is what the losses at one step tell of the final ones. Losses are
// means over the seeds. Strategies in which the device failed are excluded.
type Foresight struct {
	Step int
	LAG  Rule // that picks at this step: the loss at initialization at step 0, the oracle at the end; its cost is that of probing until here

	Correlation result.Correlation // as in the result
	WeightedTau float64            // see stats.WeightedTau

	Decisions stats.Decision // over all pairs of strategies
	Clear     stats.Decision // over the pairs that clearly differ at the end, see ClearDifference

	Signal stats.SignalToNoise // over the last LastEvaluations evaluations

	Recall  [len(TopK)]float64 // see stats.TopRecall
	Within  float64            // probability that the pick ends within Epsilon of the best, see stats.WithinEpsilon; NaN for one seed
	NewSeed float64            // regret of the pick on a seed that it has not seen, nats, mean over the seeds; see stats.HeldOutRegret; +Inf if it diverged there, NaN for one seed
}

// Foresights returns what the losses tell at each step at which a study was
// evaluated, in order. It returns an error if the curves do not have what LAG
// needs.
func Foresights(ctx context.Context, r *result.Study) ([]Foresight, error) {
	steps := r.EvaluationSteps()
	var rules []selection.Rule
	for _, step := range steps {
		rules = append(rules, lagAt(step, r.Steps))
	}
	picks, err := Replay(ctx, r, rules...)
	if err != nil {
		return nil, err
	}
	correlations := make(map[int]result.Correlation)
	for _, c := range r.Correlation {
		correlations[c.Step] = c
	}
	apart := clearPairs(r)
	final := r.LossesAt(r.Steps)
	ends := stats.MeanLosses(final)
	var list []Foresight
	var before [][][]float64
	for i, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		early := r.LossesAt(step)
		means := stats.MeanLosses(early)
		before = append(before, r.EvaluatedAt(step))
		one := Foresight{
			Step: step, LAG: picks[i], Correlation: undefinedCorrelation(step), WeightedTau: stats.WeightedTau(means, ends),
			Decisions: stats.MeasureDecisions(early, final, nil, level), Clear: stats.MeasureDecisions(early, final, apart, level),
			Signal: stats.MeasureSignal(before[max(0, len(before)-LastEvaluations):]),
			Within: stats.WithinEpsilon(early, final, Epsilon, resampling), NewSeed: meanOf(stats.HeldOutRegret(early, final)),
		}
		if c, ok := correlations[step]; ok {
			one.Correlation = c
		}
		for k, top := range TopK {
			one.Recall[k] = stats.TopRecall(means, ends, top)
		}
		list = append(list, one)
	}
	return list, nil
}

// meanOf returns the mean of the values that are defined, or NaN without any.
func meanOf(values []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

// lagAt returns the rule that picks by the losses at a step.
func lagAt(step, steps int) selection.Rule {
	switch {
	case step <= 0:
		return selection.LossAtInit{}
	case step >= steps:
		return selection.Oracle{}
	}
	return selection.LAG{Lag: step}
}

func undefinedCorrelation(step int) result.Correlation {
	nan := result.Undefined()
	return result.Correlation{Step: step, Pearson: nan, Spearman: nan, Kendall: nan, SpearmanLo: nan, SpearmanHi: nan}
}

// SeedError returns the standard error of the difference between two strategies'
// mean final losses, in nats, by the spread of the seeds: sqrt(2/R) times
// [result.Noise.Seeds] for R seeds. It is NaN for one seed.
func SeedError(r *result.Study) float64 {
	return math.Sqrt(2/float64(len(r.Seeds))) * float64(r.Noise.Seeds)
}

// ClearDifference says when two strategies clearly differ at the end: by more
// than two standard errors. With several seeds the error is [SeedError], with
// one that of the pair on the validation batches.
func ClearDifference(r *result.Study) string {
	if len(r.Seeds) > 1 {
		return fmt.Sprintf("more than two standard errors by the seeds, %.4f nats", clearErrors*SeedError(r))
	}
	return "more than two standard errors on the validation batches"
}

// clearPairs reports whether two strategies, by their index among those in which
// the device did not fail, clearly differ at the end.
func clearPairs(r *result.Study) func(i, j int) bool {
	if len(r.Seeds) > 1 {
		ends, least := stats.MeanLosses(r.LossesAt(r.Steps)), clearErrors*SeedError(r)
		return func(i, j int) bool { return math.Abs(ends[i]-ends[j]) > least } // false if the error is not known
	}
	apart := make(map[[2]string]bool)
	for _, p := range r.Pairs {
		if math.Abs(float64(p.Difference)) > clearErrors*float64(p.Error) {
			apart[[2]string{p.A, p.B}], apart[[2]string{p.B, p.A}] = true, true
		}
	}
	names := r.Counted()
	return func(i, j int) bool { return apart[[2]string{names[i], names[j]}] }
}
