package engine

import (
	"context"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/train"
)

// Early makes the evaluations between the beginning of a run and a step use a
// part of the validation set. Soon after growing, candidates differ by far more
// than the error of a small set.
type Early struct {
	Before  int `json:"before"`  // first step that is evaluated on the whole set, like step 0
	Batches int `json:"batches"` // number of batches before
}

// earlyValidation returns the [train.Run.ValidationAt] of a run with
// [Spec.Early]. The part of the validation set is that whose mean loss under the
// run's parent is nearest to that of the whole set, so that the curve does not
// jump where the whole set takes over. All candidates of a parent use the same.
func (r *Run) earlyValidation(whole []train.Batch) func(ctx context.Context, step int) ([]train.Batch, error) {
	var part []train.Batch
	return func(ctx context.Context, step int) ([]train.Batch, error) {
		if step == 0 || step >= r.Early.Before {
			return whole, nil
		}
		if part == nil {
			outcome, err := r.parent.Do(ctx)
			if err != nil {
				return nil, err
			}
			for _, i := range nearest(finalBatches(outcome), len(whole), r.Early.Batches) {
				part = append(part, whole[i])
			}
		}
		return part, nil
	}
}

// finalBatches returns the losses on each batch of the validation set at the end
// of a run, or nil if they are not known.
func finalBatches(o train.Outcome) []float64 {
	if len(o.Curve) == 0 {
		return nil
	}
	return o.Curve[len(o.Curve)-1].Batches
}

// nearest returns the indices of n of all batches, in ascending order, whose mean
// loss is near to that of all. It improves the first n by exchanging one batch at
// a time, always the best exchange, so the result is the same everywhere. If
// the losses are not known, it returns the first n.
func nearest(losses []float64, all, n int) []int {
	chosen := make([]bool, all)
	for i := range min(n, all) {
		chosen[i] = true
	}
	if len(losses) == all && n < all {
		var sum, mean float64
		for i, loss := range losses {
			mean += loss / float64(all)
			if chosen[i] {
				sum += loss
			}
		}
		want := mean * float64(n)
		for {
			out, in, best := -1, -1, math.Abs(sum-want)
			for i := range losses {
				for j := range losses {
					if d := math.Abs(sum - losses[i] + losses[j] - want); chosen[i] && !chosen[j] && d < best {
						out, in, best = i, j, d
					}
				}
			}
			if out < 0 {
				break
			}
			chosen[out], chosen[in] = false, true
			sum = sum - losses[out] + losses[in] // as above, so that each exchange brings it nearer
		}
	}
	var indices []int
	for i, c := range chosen {
		if c {
			indices = append(indices, i)
		}
	}
	return slices.Clip(indices)
}
