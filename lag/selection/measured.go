package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
)

// Measured is implemented by [Candidates] that know the losses on single batches
// of the validation set.
type Measured interface {
	// BatchLosses returns, in the order of indices, the losses of candidates on
	// each batch of the validation set, in nats per predicted token, at a step to
	// which they were trained. They are nil for a candidate of which they are not
	// known. n is the number of batches of which the candidates' losses at that
	// step are the means. A recording may return the losses on other batches, or at
	// a near step, which tell how much the losses differ between batches.
	BatchLosses(ctx context.Context, indices []int, step int) (losses [][]float64, n int, err error)
}

// Comparing is implemented by rules that compare the losses on single batches.
type Comparing interface {
	Compares(steps int) []int // ascending steps at which it needs them, in a training of that many steps
}

// Compares returns the steps at which rules need the losses on single batches,
// ascending and without duplicates.
func Compares(steps int, rules ...Rule) []int {
	var list []int
	for _, rule := range rules {
		if c, ok := rule.(Comparing); ok {
			list = append(list, c.Compares(steps)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// BatchLosses is that of [Measured]. For candidates that do not implement it, no
// losses are known.
func (m *Meter) BatchLosses(ctx context.Context, indices []int, step int) ([][]float64, int, error) {
	return batchLosses(ctx, m.Candidates, indices, step)
}

// BatchLosses implements [Measured].
func (w watched) BatchLosses(ctx context.Context, indices []int, step int) ([][]float64, int, error) {
	w.look(indices)
	return batchLosses(ctx, w.Candidates, indices, step)
}

func batchLosses(ctx context.Context, c Candidates, indices []int, step int) (losses [][]float64, n int, err error) {
	measured, ok := c.(Measured)
	if !ok {
		return make([][]float64, len(indices)), 0, nil
	}
	if losses, n, err = measured.BatchLosses(ctx, indices, step); err == nil && len(losses) != len(indices) {
		err = errLosses
	}
	return losses, n, err
}

// RecordedBatches are the losses on single batches of the validation set after a
// number of training steps.
type RecordedBatches struct {
	Step   int
	Losses [][]float64 // for each candidate, nil if it had stopped; in nats per predicted token
}

// SetBatches records the losses on single batches for rules that compare them.
// Batches returns the number of batches of the evaluation at a step. It returns
// an error if a step is outside the training, or if there are not as many losses
// as candidates. Do not call it while a rule uses the recording.
func (r *Recording) SetBatches(batches func(step int) int, recorded ...RecordedBatches) error {
	for _, b := range recorded {
		if b.Step < 0 || b.Step > r.steps {
			return fmt.Errorf("losses on single batches at step %d are outside the training of %s", b.Step, plain.Count(r.steps, "step"))
		}
		if len(b.Losses) != r.Len() {
			return fmt.Errorf("there are losses on single batches of %s at step %d; give those of all %d candidates, nil for none", plain.Count(len(b.Losses), "candidate"), b.Step, r.Len())
		}
	}
	r.batches, r.compared = batches, slices.Clone(recorded)
	return nil
}

var errNoBatches = errors.New("the recording has no losses on single batches, which the rule compares")

// BatchLosses implements [Measured]. If the losses at that step were not
// recorded, it returns those at the nearest step on a logarithmic scale: how much
// the difference of two candidates varies between batches changes slowly. It
// returns an error if nothing was recorded.
func (r *Recording) BatchLosses(_ context.Context, indices []int, step int) ([][]float64, int, error) {
	if len(r.compared) == 0 || r.batches == nil {
		return nil, 0, advice.Errorf(advice.Rules, "%w; use another rule, or add the rule to the study's rules and run it again", errNoBatches)
	}
	distance := func(b RecordedBatches) float64 {
		return math.Abs(math.Log1p(float64(b.Step)) - math.Log1p(float64(step)))
	}
	nearest := r.compared[0]
	for _, b := range r.compared[1:] {
		if distance(b) < distance(nearest) {
			nearest = b
		}
	}
	losses := make([][]float64, len(indices))
	for j, i := range indices {
		losses[j] = nearest.Losses[i]
	}
	return losses, r.batches(step), nil
}
