package selection

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/advice"
)

// Point is a validation loss after a number of training steps.
type Point struct {
	Step int
	Loss float64 // nats per predicted token; NaN or infinite where the candidate has diverged
}

// RecordedBranch holds the validation losses at the end of one decay branch, one
// for each candidate; NaN or infinite where the candidate or its branch diverged.
type RecordedBranch struct {
	Branch
	Losses []float64
}

// Recording is [Candidates] that were all trained to the end: rules can be
// compared on it without training anything. It holds no state, so any number of
// rules can use it, at once too.
type Recording struct {
	grown    Grown
	steps    int
	losses   []map[int]float64 // of each candidate, by step
	diverged []int             // first step at which each was seen to have diverged
	branches map[Branch][]float64
}

// NewRecording records one curve for each candidate, with ascending steps in
// [0, steps]. The curve of a candidate that diverged has a point there whose loss
// is NaN or infinite, and none after it is needed: such a loss holds for every
// later step.
//
// It is an error if there are no candidates, if their names are empty or repeated, if
// numbers of names, curves and losses differ, and if steps do not ascend.
func NewRecording(grown Grown, steps int, curves [][]Point, branches ...RecordedBranch) (*Recording, error) {
	candidates := grown.Candidates
	switch {
	case len(candidates) == 0:
		return nil, errors.New("a recording without candidates: give at least one curve")
	case len(curves) != len(candidates):
		return nil, fmt.Errorf("a recording of %d candidates and %d curves: give one curve for each", len(candidates), len(curves))
	case steps < 1:
		return nil, fmt.Errorf("a recording of %d training steps: give at least 1", steps)
	}
	r := &Recording{grown: grown, steps: steps, branches: make(map[Branch][]float64, len(branches))}
	seen := make(map[string]bool, len(candidates))
	for i, c := range candidates {
		name := c.Name
		if name == "" || seen[name] {
			return nil, fmt.Errorf("a recording has a candidate %q that is unnamed or there twice: give every candidate a name of its own", name)
		}
		seen[name] = true
		losses, diverged, err := readCurve(curves[i], steps)
		if err != nil {
			return nil, fmt.Errorf("curve of %s: %w", name, err)
		}
		r.losses, r.diverged = append(r.losses, losses), append(r.diverged, diverged)
	}
	for _, b := range branches {
		if len(b.Losses) != len(candidates) {
			return nil, fmt.Errorf("the decay branch of %d steps from step %d has %d losses for %d candidates: give one for each", b.Decay, b.Step, len(b.Losses), len(candidates))
		}
		r.branches[b.Branch] = slices.Clone(b.Losses)
	}
	return r, nil
}

func readCurve(curve []Point, steps int) (losses map[int]float64, diverged int, err error) {
	losses, diverged = make(map[int]float64, len(curve)), math.MaxInt
	last := -1
	for _, p := range curve {
		if p.Step <= last || p.Step > steps {
			return nil, 0, fmt.Errorf("step %d follows step %d in a training of %d: give ascending steps within it", p.Step, last, steps)
		}
		last = p.Step
		if math.IsNaN(p.Loss) || math.IsInf(p.Loss, 0) {
			diverged = min(diverged, p.Step)
		}
		losses[p.Step] = p.Loss
	}
	return losses, diverged, nil
}

// Grown implements [Candidates].
func (r *Recording) Grown() Grown { return r.grown }

// Len is the number of candidates.
func (r *Recording) Len() int { return len(r.grown.Candidates) }

// Name is the name of a candidate's strategy.
func (r *Recording) Name(i int) string { return r.grown.Candidates[i].Name }

// Steps implements [Candidates].
func (r *Recording) Steps() int { return r.steps }

// Losses implements [Candidates]. It is an error if there is none at that step.
func (r *Recording) Losses(_ context.Context, indices []int, step int) ([]float64, error) {
	losses := make([]float64, len(indices))
	for j, i := range indices {
		loss, ok := r.losses[i][step]
		switch {
		case step >= r.diverged[i]:
			loss = math.Inf(1)
		case !ok:
			return nil, advice.Errorf(advice.Rules, "the recording of %s has no loss at step %d, but at steps %v: take a rule that looks there, or run the study again with the rule among its own", r.Name(i), step, slices.Sorted(maps.Keys(r.losses[i])))
		}
		losses[j] = loss
	}
	return losses, nil
}

// Decayed implements [Candidates]. It is an error if the branch was not recorded.
func (r *Recording) Decayed(_ context.Context, indices []int, step, decay int) ([]float64, error) {
	all, ok := r.branches[Branch{step, decay}]
	if !ok {
		return nil, fmt.Errorf("the recording has no decay branch of %d steps from step %d: train it, or take a rule without one", decay, step)
	}
	losses := make([]float64, len(indices))
	for j, i := range indices {
		if losses[j] = all[i]; step >= r.diverged[i] {
			losses[j] = math.Inf(1)
		}
	}
	return losses, nil
}
