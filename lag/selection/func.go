package selection

import (
	"context"
	"fmt"
	"slices"
)

// Func is a rule of one's own without a type of its own. It trains every candidate
// to the last of some steps, and a function picks one from the losses on the way.
// Extra cost: (S-1) times the last step.
//
//	selection.Func{Name: "steepest", At: []int{10, 20}, Choose: func(losses [][]float64) int {
//		...
//	}}
//
// It is not registered, so [Parse] does not know its name.
type Func struct {
	Name string
	At   []int // steps, ascending, at least one
	// Choose returns the index of the candidate to go on with, or a negative number for
	// none. losses[i][j] is the loss of candidate i after At[j] steps, +Inf if it
	// diverged.
	Choose func(losses [][]float64) int
}

func (r Func) String() string { return r.Name }

// Validate implements [Rule].
func (r Func) Validate(steps int) error {
	if r.Name == "" || len(r.At) == 0 || r.Choose == nil {
		return fmt.Errorf("a rule that is a function needs a name, steps and the function; it has %q, %v", r.Name, r.At)
	}
	for i, step := range r.At {
		if i > 0 && step <= r.At[i-1] {
			return invalid(r, "its steps are %v; give them in ascending order, each once", r.At)
		}
		if err := beforeEnd(r, step, 0, steps); err != nil {
			return err
		}
	}
	return nil
}

// Evaluations implements [Rule].
func (r Func) Evaluations(int) []int { return slices.Clone(r.At) }

// Branches implements [Rule].
func (r Func) Branches() []Branch { return nil }

// Pick implements [Rule].
func (r Func) Pick(ctx context.Context, c Candidates) (Choice, error) {
	m, err := begin(r, c)
	if err != nil {
		return Choice{}, err
	}
	all, losses := everyIndex(m.Len()), make([][]float64, m.Len())
	for _, step := range r.At {
		now, err := m.Losses(ctx, all, step)
		if err != nil {
			return Choice{}, fmt.Errorf("rule %q: %w", r, err)
		}
		for i, loss := range now {
			losses[i] = append(losses[i], loss)
		}
	}
	pick := r.Choose(losses)
	if pick >= m.Len() {
		return Choice{}, invalid(r, "its function returned %d, but there are %d candidates; return the index of one, or -1", pick, m.Len())
	}
	return m.Choice(max(pick, -1)), nil
}
