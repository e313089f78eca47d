package selection

import (
	"context"
	"fmt"
	"math"

	"github.com/landscape-aware/growing/data/plain"
)

// Meter counts the training that a rule asks for. Every rule picks through a
// meter, so that its [Choice] is the same live and offline.
type Meter struct {
	Candidates
	grown             Grown
	trained, branched []int
	diverged          []bool
}

// NewMeter returns a meter of untrained candidates.
func NewMeter(c Candidates) *Meter {
	grown := c.Grown()
	n := len(grown.Candidates)
	return &Meter{Candidates: c, grown: grown, trained: make([]int, n), branched: make([]int, n), diverged: make([]bool, n)}
}

// Len returns the number of candidates.
func (m *Meter) Len() int { return len(m.trained) }

// Name returns the name of a candidate's strategy.
func (m *Meter) Name(i int) string { return m.grown.Candidates[i].Name }

// Choice returns the choice of a candidate, or of none if index is -1, with the
// steps counted so far.
func (m *Meter) Choice(index int) Choice {
	return Choice{Index: index, Trained: m.trained, Branched: m.branched}
}

// Losses is [Candidates.Losses], with NaN and -Inf as +Inf. It returns an error
// if the step is after the end or a candidate has passed it.
func (m *Meter) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	if err := m.check(ctx, indices, step); err != nil {
		return nil, err
	}
	losses, err := m.Candidates.Losses(ctx, indices, step)
	if err != nil {
		return nil, err
	}
	if losses, err = finiteOrInf(losses, len(indices)); err != nil {
		return nil, err
	}
	for j, i := range indices {
		m.advance(i, step)
		m.diverged[i] = m.diverged[i] || math.IsInf(losses[j], 1)
	}
	return losses, nil
}

// Decayed is [Candidates.Decayed], with NaN and -Inf as +Inf. It returns an
// error if the step is after the end or a candidate has passed it.
func (m *Meter) Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error) {
	if err := m.check(ctx, indices, step); err != nil {
		return nil, err
	}
	losses, err := m.Candidates.Decayed(ctx, indices, step, decay)
	if err != nil {
		return nil, err
	}
	if losses, err = finiteOrInf(losses, len(indices)); err != nil {
		return nil, err
	}
	for _, i := range indices {
		m.advance(i, step)
		if !m.diverged[i] {
			m.branched[i] += decay
		}
	}
	return losses, nil
}

// check returns an error for requests that candidates that only train forward
// cannot satisfy.
func (m *Meter) check(ctx context.Context, indices []int, step int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if step < 0 || step > m.Steps() {
		return fmt.Errorf("step %d is outside the training of %s; ask for a step inside it", step, plain.Count(m.Steps(), "step"))
	}
	for _, i := range indices {
		if i < 0 || i >= m.Len() {
			return fmt.Errorf("there is no candidate %d among %d; ask for 0 to %d", i, m.Len(), m.Len()-1)
		}
		if m.trained[i] > step {
			return fmt.Errorf("candidate %s is at step %d and cannot go back to step %d; ask for ascending steps", m.Name(i), m.trained[i], step)
		}
	}
	return nil
}

// advance counts training to the step. Diverged candidates train no further.
func (m *Meter) advance(i, step int) {
	if !m.diverged[i] {
		m.trained[i] = step
	}
}

func finiteOrInf(losses []float64, want int) ([]float64, error) {
	if len(losses) != want {
		return nil, errLosses
	}
	clean := make([]float64, want)
	for j, l := range losses {
		if math.IsNaN(l) || math.IsInf(l, 0) {
			l = math.Inf(1)
		}
		clean[j] = l
	}
	return clean, nil
}
