package lag

import (
	"context"
	"fmt"
	"sort"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// plannedStage is a stage of an arm, with the number of steps that the budget
// allows.
type plannedStage struct {
	Stage
	model    model.Model
	pool     growth.Pool // strategies from which the rule picks; empty for the first stage
	rule     selection.Rule
	grown    selection.Grown // describes the pool for the rule
	schedule train.Schedule
	flops    float64 // per step
	extra    int     // expected steps of candidates that the rule does not pick
}

// rules returns the stage's rule as a slice, empty if it has none.
func (s plannedStage) rules() []selection.Rule {
	if s.rule == nil {
		return nil
	}
	return []selection.Rule{s.rule}
}

// plannedStages returns an arm's stages. It scales their steps to use up the
// budget for training and probing together: what is left is less than the cost
// of one more step of the last stage, including the cost of the rule for that
// step. cost returns the FLOPs of one step of a model.
func (c Stacking) plannedStages(arm Arm, budget float64, cost func(model.Model) float64) ([]plannedStage, error) {
	var list []plannedStage
	for i, stage := range c.stages(arm) {
		model, err := c.Model.WithDepths(stage.Depths...)
		if err != nil {
			return nil, err
		}
		s := plannedStage{Stage: stage, model: model, flops: cost(model)}
		if i > 0 {
			if s.rule, err = selection.Parse(arm.Rule); err != nil {
				return nil, err
			}
			if s.pool, err = c.pool(list[i-1].model.Stacks(), stage.Depths, scheduleOfStage(stage, c.Schedule)); err != nil {
				return nil, err
			}
			s.grown = selection.NewGrown(list[i-1].Depths, stage.Depths, s.pool)
		}
		list = append(list, s)
	}
	if err := fit(list, budget); err != nil {
		return nil, fmt.Errorf("arm %q: %w", arm.Name, err)
	}
	total, start := 0, 0
	for _, s := range list {
		total += s.Steps
	}
	for i := range list {
		s := &list[i]
		s.schedule = c.Schedule
		s.schedule.Start, s.schedule.Steps, s.schedule.Length = start, s.Steps, total
		start += s.Steps
		err := s.schedule.Validate()
		for _, strategy := range s.pool {
			if err == nil {
				_, err = scheduleOf(s.schedule, strategy)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("arm %q, stage %d, of %s: %w", arm.Name, i+1, plain.Count(s.Steps, "step"), err)
		}
	}
	return list, nil
}

// fit scales the steps of the stages to a budget of FLOPs. One more step of the
// last stage, including the cost of the rule for it, would exceed the budget.
func fit(list []plannedStage, budget float64) error {
	weights, training := make([]float64, len(list)), 0.0
	for i, s := range list {
		weights[i] = float64(s.Steps)
		training += weights[i] * s.flops
	}
	spend := func(scale float64) (total float64, err error) {
		for i := range list {
			s := &list[i]
			s.Steps = max(1, int(scale*weights[i]+rounding))
			if s.extra, err = s.expectedExtra(s.Steps); err != nil {
				return 0, fmt.Errorf("probing %s leaves %s for stage %d: %w", plain.Count(len(s.pool), "strategy"), plain.Count(s.Steps, "step"), i+1, err)
			}
			total += float64(s.Steps+s.extra) * s.flops
		}
		return total, nil
	}
	// A rule's cost may depend on the steps of its stage. If the scale is too
	// small, rules do not fit into their stages; if it is too large, the total
	// exceeds the budget.
	low, high := 0.0, budget/training
	if total, err := spend(high); err == nil && total <= budget*(1+rounding) {
		low = high
	}
	for range 50 {
		middle := (low + high) / 2
		if total, err := spend(middle); err == nil && total > budget*(1+rounding) {
			high = middle
		} else {
			low = middle
		}
	}
	total, err := spend(low)
	if err == nil && total > budget*(1+rounding) {
		err = fmt.Errorf("the budget of %.3g FLOPs is less than the cost of one step of every stage", budget)
	}
	if err != nil {
		return fmt.Errorf("training and probing do not fit into the budget of %.3g FLOPs: %w; shorten the lag, use fewer strategies, or lengthen the stages", budget, err)
	}
	left := budget
	last := &list[len(list)-1]
	for _, s := range list[:len(list)-1] {
		left -= float64(s.Steps+s.extra) * s.flops
	}
	return last.fill(int(left/last.flops + rounding))
}

// rounding is the tolerance for rounding errors when FLOPs are divided into
// whole steps.
const rounding = 1e-9

// fill increases the stage's steps as far as possible so that the steps and the
// rule's extra steps together are at most n.
func (s *plannedStage) fill(n int) error {
	more := sort.Search(n-s.Steps, func(i int) bool {
		extra, err := s.expectedExtra(s.Steps + i + 1)
		return err != nil || s.Steps+i+1+extra > n
	})
	s.Steps += more
	var err error
	s.extra, err = s.expectedExtra(s.Steps)
	return err
}

// expectedExtra returns how many extra steps the stage's rule takes if the
// stage has that many steps, see the function of that name.
func (s plannedStage) expectedExtra(steps int) (int, error) {
	if s.rule == nil {
		return 0, nil
	}
	return expectedExtra(s.rule, s.grown, steps)
}

// expectedExtra returns how many extra steps a rule takes in a training of that
// many steps if no candidate diverges: the steps of candidates that it does not
// pick, and the steps in which the picked one learns coefficients.
func expectedExtra(rule selection.Rule, grown selection.Grown, steps int) (int, error) {
	choice, extra, err := selection.Pick(context.Background(), rule, ranked{grown, steps})
	if err != nil {
		return 0, err
	}
	return total(extra) + grown.Candidates[choice.Index].LearnSteps, nil
}

// ranked are made-up candidates: each has a lower loss than the next.
type ranked struct {
	grown selection.Grown
	steps int
}

func (r ranked) Grown() selection.Grown { return r.grown }
func (r ranked) Steps() int             { return r.steps }

func (r ranked) Losses(_ context.Context, indices []int, _ int) ([]float64, error) {
	losses := make([]float64, len(indices))
	for j, i := range indices {
		losses[j] = float64(i)
	}
	return losses, nil
}

func (r ranked) Decayed(ctx context.Context, indices []int, step, _ int) ([]float64, error) {
	return r.Losses(ctx, indices, step)
}
