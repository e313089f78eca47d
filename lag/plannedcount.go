package lag

import (
	"context"
	"slices"

	"github.com/landscape-aware/growing/lag/selection"
)

// CountRuns returns how many runs the stacking trains to an end, if none
// diverges. Candidates that a rule drops on the way do not count. Arms with the
// same first stage share its run.
func (c Stacking) CountRuns() (int, error) {
	budget, err := c.budget()
	if err != nil {
		return 0, err
	}
	runs := 0
	var first []plannedStage
	for _, arm := range c.Arms {
		stages, err := c.plannedStages(arm, budget, c.stepFLOPs)
		if err != nil {
			return 0, err
		}
		for i, s := range stages {
			if i > 0 {
				n, err := s.finished()
				if err != nil {
					return 0, err
				}
				runs += n
				continue
			}
			same := func(other plannedStage) bool {
				return other.schedule == s.schedule && slices.Equal(other.Depths, s.Depths)
			}
			if !slices.ContainsFunc(first, same) {
				first = append(first, s)
				runs++
			}
		}
	}
	return runs * len(c.Seeds), nil
}

// finished returns how many runs a stage that grows trains to an end: the pick,
// other candidates that the rule follows to the end, and decay branches.
func (s plannedStage) finished() (int, error) {
	c := &counted{ranked: ranked{s.grown, s.Steps}, ended: make(map[int]bool), branches: make(map[[3]int]bool)}
	choice, _, err := selection.Pick(context.Background(), s.rule, c)
	if err != nil {
		return 0, err
	}
	c.ended[choice.Index] = true
	return len(c.ended) + len(c.branches), nil
}

// counted are made-up candidates that note what a rule trains.
type counted struct {
	ranked
	ended    map[int]bool    // candidates
	branches map[[3]int]bool // candidate, step and length
}

func (c *counted) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	for _, i := range indices {
		if step == c.steps {
			c.ended[i] = true
		}
	}
	return c.ranked.Losses(ctx, indices, step)
}

func (c *counted) Decayed(ctx context.Context, indices []int, step, length int) ([]float64, error) {
	for _, i := range indices {
		c.branches[[3]int{i, step, length}] = true
	}
	return c.ranked.Decayed(ctx, indices, step, length)
}
