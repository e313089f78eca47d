package lag

import (
	"slices"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// evaluationSteps returns the steps at which candidates are evaluated: the lag,
// every fifth of the training, the steps that the rules need, the last step, and
// 0, 1, 2, 5, 10, 20, 50 and so on. Steps of this series after the lag are left
// out if another evaluation is within a quarter of them.
func (g Growth) evaluationSteps(rules []selection.Rule) []int {
	T := g.Schedule.Steps
	steps := []int{0, g.Lag, T}
	for i := 1; i < 5; i++ {
		steps = append(steps, T*i/5)
	}
	for _, rule := range rules {
		steps = append(steps, rule.Evaluations(T)...)
	}
	needed := slices.Clone(steps)
	for decade := 1; decade <= T; decade *= 10 {
		for _, step := range []int{decade, 2 * decade, 5 * decade} {
			near := func(other int) bool { return 4*max(step-other, other-step) <= step }
			if step <= g.Lag || !slices.ContainsFunc(needed, near) {
				steps = append(steps, step)
			}
		}
	}
	slices.Sort(steps)
	return slices.Compact(slices.DeleteFunc(steps, func(s int) bool { return s > T }))
}

// FinalSteps returns the steps of the evaluations of which the final loss is the mean,
// see [result.Study.FinalSteps].
func (c StudyConfig) FinalSteps() ([]int, error) {
	pool, err := c.Pool()
	if err != nil {
		return nil, err
	}
	rules, err := c.rules(pool)
	if err != nil {
		return nil, err
	}
	steps := c.Growth.evaluationSteps(rules)
	if err := result.CheckFinalEvaluations(c.Growth.FinalEvaluations, steps, c.Growth.Lag); err != nil {
		return nil, err
	}
	return steps[len(steps)-max(1, c.Growth.FinalEvaluations):], nil
}

// early returns which evaluations of candidates use a part of the validation
// set, or nil if none do.
func (c StudyConfig) early() *engine.Early {
	if c.earlyBatches() == 0 {
		return nil
	}
	return &engine.Early{Before: c.Growth.Lag, Batches: c.earlyBatches()}
}

// earlyBatches returns the number of validation batches of early evaluations, or
// 0 if they use the whole set.
func (c StudyConfig) earlyBatches() int {
	if c.Growth.EarlyBatches >= c.ValidationBatches {
		return 0
	}
	return c.Growth.EarlyBatches
}
