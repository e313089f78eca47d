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
// Pretrained Models for Efficient Transformer Training (arXiv 2303.00980), learns
// the coefficients by some steps of gradient descent on the training loss, with
// the source's weights fixed, together with operators that widen the model.
// Stacking and interleaving are the cases of rows with one 1.
//
// Here [LiGO] takes coefficients as given, which serve all tensors of a layer,
// and [LearnedLiGO] has them learned, for each kind of module (query, key, the
// feed-forward's two layers, each norm, ...) its own, which weight and bias
// share. What differs from the paper: nothing is widened, embeddings and heads
// are copied; the optimizer is plain Adam with a constant rate and no weight
// decay; and the start, as only the abstract and summaries were at hand when
// this was written, is our choice.
//
// Learning starts at the rows of stacking. At equal coefficients every grown
// layer would be the mean of all source layers. These have no hidden units in
// common, so that their mean need not do what any of them does: learning would
// have to find back to a model that works before it could better it. Rows with
// one 1 begin at a model that is known to train well, and what learning adds to
// it is the difference between this strategy and "stack".
//
// Optimizer moments are not treated in the abstract, and what is done with them
// is ours; see [Strategy.Combine].

const (
	ligoSource        = "after Wang et al. 2023, arXiv 2303.00980 (LiGO), depth only, coefficients given"
	learnedLiGOSource = "after Wang et al. 2023, arXiv 2303.00980 (LiGO), depth only, coefficients learned from stacking's"
)

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

// LearnedLiGO combines the layers of a source linearly, with coefficients that
// are learned in so many steps, at least 1, with Adam at a rate above 0,
// beginning with those of [GStack].
func LearnedLiGO(from, to, steps int, rate float64) (Strategy, error) {
	s, err := GStack(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "ligo", learnedLiGOSource
	s.Learn = &Learning{Steps: steps, Rate: rate}
	return s, s.Validate(Depths{from})
}
