package growth

import (
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
)

// Interposition repeats the inner layers of the source in place and keeps its
// first and its last layer single.
//
//	Map = [0] + [1 + floor(i (L-2)/(D-2)) for i = 0 .. D-3] + [L-1]
//
// with L layers before and D after. Wang et al. 2025, Recycling Pretrained
// Checkpoints: Orthogonal Growth of Mixture-of-Experts for Efficient Large
// Language Model Pre-Training (arXiv 2510.08008), copies layers in between
// instead of stacking where the source has converged. We only read its abstract.
// The formula, and that the layers next to the embeddings and the head stay
// single, are this project's own.

const interposeSource = "after Wang et al. 2025, arXiv 2510.08008 (interposition; first and last layer single)"

// Interpose repeats the inner layers in place. From must be at least 3.
func Interpose(from, to int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if from < 3 {
		return Strategy{}, fmt.Errorf("a stack of %s has none between the first and the last: choose a source of at least 3", plain.Count(from, "layer"))
	}
	m := Map{0}
	for i := range to - 2 {
		m = append(m, 1+i*(from-2)/(to-2))
	}
	return named("interpose", append(m, from-1), interposeSource), nil
}
