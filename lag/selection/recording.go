package selection

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
)

// Point is a validation loss after a number of training steps.
type Point struct {
	Step int
	Loss float64 // nats per predicted token; NaN or infinite if the candidate has diverged
}

// RecordedBranch contains the validation losses at the end of one decay branch
// of each candidate. They are NaN or infinite if the candidate or its branch
// diverged.
type RecordedBranch struct {
	Branch
	Losses []float64
}

// Recording implements [Candidates] for candidates that were all trained to the
// end, so that rules can be compared without training. It has no state: any
// number of rules can use it at the same time.
type Recording struct {
	grown    Grown
	steps    int
	losses   []map[int]float64 // for each candidate, by step
	diverged []int             // for each candidate, the first step with a loss that is not finite
	branches map[Branch][]float64

	batches  func(step int) int // number of validation batches of an evaluation; nil if not known
	compared []RecordedBatches
}

// NewRecording records one curve for each candidate, with ascending steps in
// [0, steps]. If a candidate diverged, its curve has a point with a loss that
// is NaN or infinite; this loss holds for every later step, so no later points
// are needed.
//
// NewRecording returns an error if there are no candidates, if names are empty
// or repeated, if the numbers of names, curves and losses differ, or if steps
// do not ascend.
func NewRecording(grown Grown, steps int, curves [][]Point, branches ...RecordedBranch) (*Recording, error) {
	candidates := grown.Candidates
	switch {
	case len(candidates) == 0:
		return nil, errors.New("the recording has no candidates; give at least one curve")
	case len(curves) != len(candidates):
		return nil, fmt.Errorf("the recording has %s and %s; give one curve for each", plain.Count(len(candidates), "candidate"), plain.Count(len(curves), "curve"))
	case steps < 1:
		return nil, fmt.Errorf("the recording has %s; give at least 1", plain.Count(steps, "training step"))
	}
	r := &Recording{grown: grown, steps: steps, branches: make(map[Branch][]float64, len(branches))}
	seen := make(map[string]bool, len(candidates))
	for i, c := range candidates {
		name := c.Name
		if name == "" || seen[name] {
			return nil, fmt.Errorf("the recording has a candidate %q without a name or with a repeated one; give every candidate a unique name", name)
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
			return nil, fmt.Errorf("the decay branch of %s from step %d has %d losses for %s; give one for each", plain.Count(b.Decay, "step"), b.Step, len(b.Losses), plain.Count(len(candidates), "candidate"))
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
			return nil, 0, fmt.Errorf("step %d follows step %d in a training of %s; give ascending steps inside it", p.Step, last, plain.Count(steps, "step"))
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

// Len returns the number of candidates.
func (r *Recording) Len() int { return len(r.grown.Candidates) }

// Name returns the name of a candidate's strategy.
func (r *Recording) Name(i int) string { return r.grown.Candidates[i].Name }

// Steps implements [Candidates].
func (r *Recording) Steps() int { return r.steps }

// Losses implements [Candidates]. It returns an error if there is no loss at
// that step.
func (r *Recording) Losses(_ context.Context, indices []int, step int) ([]float64, error) {
	losses := make([]float64, len(indices))
	for j, i := range indices {
		loss, ok := r.losses[i][step]
		switch {
		case step >= r.diverged[i]:
			loss = math.Inf(1)
		case !ok:
			return nil, advice.Errorf(advice.Rules, "the recording of %s has no loss at step %d, only at steps %v; use a rule that needs only these, or add the rule to the study's rules and run it again", r.Name(i), step, slices.Sorted(maps.Keys(r.losses[i])))
		}
		losses[j] = loss
	}
	return losses, nil
}

// Decayed implements [Candidates]. It returns an error if the branch was not
// recorded.
func (r *Recording) Decayed(_ context.Context, indices []int, step, decay int) ([]float64, error) {
	all, ok := r.branches[Branch{step, decay}]
	if !ok {
		return nil, fmt.Errorf("the recording has no decay branch of %s from step %d; train it, or use a rule without it", plain.Count(decay, "step"), step)
	}
	losses := make([]float64, len(indices))
	for j, i := range indices {
		if losses[j] = all[i]; step >= r.diverged[i] {
			losses[j] = math.Inf(1)
		}
	}
	return losses, nil
}
