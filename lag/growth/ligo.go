package growth

import (
	"fmt"
	"slices"
)

// LiGO's depth operator: every grown layer a linear combination of all source
// layers.
//
//	theta'_i = sum_j w_ij theta_j        i < D, j < L
//
// with L layers before and D after. Wang et al. 2023, Learning to Grow
// Pretrained Models for Efficient Transformer Training (arXiv 2303.00980),
// learns the coefficients, one for each kind of matrix, by some steps of
// gradient descent, together with operators that widen the model. Here the
// coefficients are given and serve all tensors of a layer: learning them is the
// user's affair, and stacking and interleaving are the cases of rows with one 1.
//
// Optimizer moments are not treated there, and what is done with them is ours;
// see [Strategy.Combine].

const ligoSource = "after Wang et al. 2023, arXiv 2303.00980 (LiGO), depth only, coefficients given"

// LiGO combines the layers of a source linearly: coefficients has a row for
// each of the to grown layers and in it a coefficient for each of the from
// source layers. The map of the result names the source layer of the largest
// coefficient of a row, by size, and decides what is a duplicate.
func LiGO(from, to int, coefficients [][]float64) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if len(coefficients) != to {
		return Strategy{}, fmt.Errorf("LiGO: %d rows of coefficients for %d layers: give one for each grown layer", len(coefficients), to)
	}
	m := make(Map, to)
	for i, row := range coefficients {
		if len(row) != from {
			return Strategy{}, fmt.Errorf("LiGO: row %d has %d coefficients: give one for each of the %d source layers", i, len(row), from)
		}
		var err error
		if m[i], err = dominant(row); err != nil {
			return Strategy{}, fmt.Errorf("LiGO: row %d %w", i, err)
		}
	}
	s := named("ligo", m, ligoSource)
	for _, row := range coefficients {
		s.Combine = append(s.Combine, slices.Clone(row))
	}
	return s, s.Validate(Depths{from})
}
