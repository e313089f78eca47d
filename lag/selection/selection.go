package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Rule is a way to pick one of several candidates. [Parse] reads those that are
// registered, see [Register].
type Rule interface {
	fmt.Stringer                 // as Parse reads it, "lag:30"
	Validate(steps int) error    // why it does not fit a training of that many steps
	Evaluations(steps int) []int // steps at which it looks at validation losses, ascending, beside 0 and the end
	Branches() []Branch          // decay branches that it looks at

	// Pick chooses among candidates. It is an error if there are none, or if the
	// rule does not fit their training.
	Pick(ctx context.Context, c Candidates) (Choice, error)
}

// Branch is a short training beside the main one, with the learning rate falling
// linearly to zero.
type Branch struct {
	Step  int // of the main training, at which the branch leaves it
	Decay int // training steps of the branch
}

// Choice is what a rule picked, and what it had trained to do so.
type Choice struct {
	Index    int   // the winner; -1 where all diverged that the rule followed
	Trained  []int // steps each candidate was trained, before the winner goes on to the end
	Branched []int // steps of each candidate's decay branches
}

// ExtraSteps returns, for each candidate, the training steps beyond training the
// winner alone to the end: all steps of the others, and the winner's branches.
// Where there is no winner every step is extra.
//
// A candidate that diverged counts as trained up to the step at which the rule
// saw that it had, a branch in which that showed as trained in full.
func (c Choice) ExtraSteps() []int {
	extra := slices.Clone(c.Branched)
	for i, steps := range c.Trained {
		if i != c.Index {
			extra[i] += steps
		}
	}
	return extra
}

// TotalExtraSteps returns the sum of [Choice.ExtraSteps].
func (c Choice) TotalExtraSteps() int {
	sum := 0
	for _, steps := range c.ExtraSteps() {
		sum += steps
	}
	return sum
}

// begin checks what every Pick must before it may train anything.
func begin(r Rule, c Candidates) (*Meter, error) {
	if len(c.Grown().Candidates) == 0 {
		return nil, fmt.Errorf("rule %q: there are no candidates; give at least one", r)
	}
	if err := r.Validate(c.Steps()); err != nil {
		return nil, err
	}
	return NewMeter(c), nil
}

// invalid is the error of a rule that cannot be.
func invalid(r Rule, format string, args ...any) error {
	return fmt.Errorf("rule %q: %w", r, fmt.Errorf(format, args...))
}

// beforeEnd checks the step at which a rule decides.
func beforeEnd(r Rule, step, first, steps int) error {
	switch {
	case step < first:
		return invalid(r, "it looks at step %d; let it look at step %d or later", step, first)
	case step >= steps:
		return invalid(r, "step %d is not before the end of the training, step %d; choose an earlier one", step, steps)
	}
	return nil
}

var errLosses = errors.New("the candidates returned another number of losses than they were asked for; return one for each index")

func everyIndex(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// best returns up to n of the indices, those with the lowest losses, in the
// order of their losses; diverged candidates are never among them. losses are in
// the order of indices.
func best(indices []int, losses []float64, n int) []int {
	order := make([]int, 0, len(indices))
	for j := range indices {
		if !math.IsNaN(losses[j]) && !math.IsInf(losses[j], 0) {
			order = append(order, j)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case losses[a] < losses[b]:
			return -1
		case losses[a] > losses[b]:
			return 1
		}
		return indices[a] - indices[b]
	})
	kept := make([]int, min(n, len(order)))
	for i := range kept {
		kept[i] = indices[order[i]]
	}
	return kept
}

// winner returns the index with the lowest loss, -1 where all diverged.
func winner(indices []int, losses []float64) int {
	if kept := best(indices, losses, 1); len(kept) == 1 {
		return kept[0]
	}
	return -1
}
