package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Rule is a way to pick one of several candidates. [Parse] reads the registered
// ones, see [Register].
type Rule interface {
	fmt.Stringer                 // in the syntax of Parse, such as "lag:30"
	Validate(steps int) error    // returns an error if the rule does not fit a training of that many steps
	Evaluations(steps int) []int // ascending steps at which it needs validation losses, besides 0 and the end
	Branches() []Branch          // decay branches that it needs

	// Pick picks a candidate. It returns an error if there are none, or if the
	// rule does not fit their training.
	Pick(ctx context.Context, c Candidates) (Choice, error)
}

// Branch is a short training that starts from a state of the main one. Its
// learning rate falls linearly to zero.
type Branch struct {
	Step  int // step of the main training at which the branch starts
	Decay int // training steps of the branch
}

// Choice is the pick of a rule, and how far it trained each candidate.
type Choice struct {
	Index    int   // the winner; -1 if all candidates that the rule followed diverged
	Trained  []int // steps of each candidate before the winner continues to the end
	Branched []int // steps of each candidate's decay branches

	Undecided []int // candidates that the rule could not tell from the winner with the steps it has, the lowest loss first
}

// ExtraSteps returns, for each candidate, the training steps in addition to
// training the winner to the end: all steps of the others, and the winner's
// branches. If there is no winner, all steps are extra.
//
// A candidate that diverged counts as trained to the step at which the rule
// asked and saw the divergence. A branch that diverged counts in full.
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

// begin makes the checks that every Pick must make before it trains anything.
func begin(r Rule, c Candidates) (*Meter, error) {
	if len(c.Grown().Candidates) == 0 {
		return nil, fmt.Errorf("rule %q: there are no candidates; give at least one", r)
	}
	if err := r.Validate(c.Steps()); err != nil {
		return nil, err
	}
	return NewMeter(c), nil
}

// invalid returns the error of an invalid rule.
func invalid(r Rule, format string, args ...any) error {
	return fmt.Errorf("rule %q: %w", r, fmt.Errorf(format, args...))
}

// beforeEnd checks the step at which a rule decides.
func beforeEnd(r Rule, step, first, steps int) error {
	switch {
	case step < first:
		return invalid(r, "it looks at step %d; use step %d or later", step, first)
	case step >= steps:
		return invalid(r, "step %d is not before the end of the training, step %d; choose an earlier one", step, steps)
	}
	return nil
}

var errLosses = errors.New("the candidates returned the wrong number of losses; return one for each index")

func everyIndex(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// best returns up to n of the indices, those with the lowest losses, ordered by
// loss. It excludes diverged candidates. losses are in the order of indices.
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

// winner returns the index with the lowest loss, or -1 if all diverged.
func winner(indices []int, losses []float64) int {
	if kept := best(indices, losses, 1); len(kept) == 1 {
		return kept[0]
	}
	return -1
}
