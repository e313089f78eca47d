package lag

import (
	"context"
	"fmt"
	"sort"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// segment is a stage of an arm as it is trained.
type segment struct {
	Stage
	model    model.Model
	pool     growth.Pool // that the stage begins with; none for the first
	rule     selection.Rule
	grown    selection.Grown // of the pool
	schedule train.Schedule
	flops    float64 // of a step
	extra    int     // steps that the rule is expected to spend on losers
}

// rules are the segment's rule, or none.
func (s segment) rules() []selection.Rule {
	if s.rule == nil {
		return nil
	}
	return []selection.Rule{s.rule}
}

// segments returns the stages of an arm, with their steps scaled so that training
// and probing together take the budget, of which less is left over than one step
// more of the last stage, and what its rule would then spend, would take. The cost
// of a step is given by model.
func (c Stacking) segments(arm Arm, budget float64, cost func(model.Model) float64) ([]segment, error) {
	var list []segment
	for i, stage := range c.stages(arm) {
		model, err := c.Model.WithDepths(stage.Depths...)
		if err != nil {
			return nil, err
		}
		s := segment{Stage: stage, model: model, flops: cost(model)}
		if i > 0 {
			if s.rule, err = selection.Parse(arm.Rule); err != nil {
				return nil, err
			}
			if s.pool, err = c.pool(list[i-1].Depths, stage.Depths, scheduleOfStage(stage, c.Schedule)); err != nil {
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
			return nil, fmt.Errorf("arm %q, stage %d, of %d steps: %w", arm.Name, i+1, s.Steps, err)
		}
	}
	return list, nil
}

// fit scales the steps of segments to a budget of FLOPs: one step more in the last
// stage, with what its rule would then spend, would exceed it.
func fit(list []segment, budget float64) error {
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
				return 0, fmt.Errorf("probing %d strategies leaves %d steps for stage %d: %w", len(s.pool), s.Steps, i+1, err)
			}
			total += float64(s.Steps+s.extra) * s.flops
		}
		return total, nil
	}
	// What a rule spends may depend on the steps of its stage. At too small a scale
	// rules do not fit into their stages, at too large a one the budget is exceeded.
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
		err = fmt.Errorf("the budget of %.3g FLOPs is less than a step of every stage takes", budget)
	}
	if err != nil {
		return fmt.Errorf("training and probing do not fit into the budget of %.3g FLOPs: %w; shorten the lag, take fewer strategies, or lengthen the stages", budget, err)
	}
	left := budget
	last := &list[len(list)-1]
	for _, s := range list[:len(list)-1] {
		left -= float64(s.Steps+s.extra) * s.flops
	}
	return last.fill(int(left/last.flops + rounding))
}

// rounding keeps what is a whole number of steps but for rounding from being one less.
const rounding = 1e-9

// fill gives the segment the most steps that, with those its rule spends, are at
// most n. It has fewer now.
func (s *segment) fill(n int) error {
	more := sort.Search(n-s.Steps, func(i int) bool {
		extra, err := s.expectedExtra(s.Steps + i + 1)
		return err != nil || s.Steps+i+1+extra > n
	})
	s.Steps += more
	var err error
	s.extra, err = s.expectedExtra(s.Steps)
	return err
}

// expectedExtra is how many steps the segment's rule spends on candidates that it
// does not pick, where the segment has so many steps and none diverges, and on
// learning the coefficients of the pick.
func (s segment) expectedExtra(steps int) (int, error) {
	if s.rule == nil {
		return 0, nil
	}
	choice, extra, err := selection.Pick(context.Background(), s.rule, ranked{s.grown, steps})
	if err != nil {
		return 0, err
	}
	return total(extra) + s.grown.Candidates[choice.Index].LearnSteps, nil
}

// ranked are candidates of which each is better than the next.
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
