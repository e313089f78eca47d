package growth

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// LiGO's depth operator makes every grown layer a linear combination of all
// source layers.
//
//	theta'_i = sum_j w_ij theta_j        i < D, j < L
//
// with L layers before and D after. Wang et al. 2023, Learning to Grow
// Pretrained Models for Efficient Transformer Training (arXiv 2303.00980),
// learns the coefficients by a few steps of gradient descent on the training
// loss, with the source's weights fixed. It also learns operators that widen
// the model. Stacking and interleaving are the special cases with one-hot rows.
//
// Here [LiGO] uses given coefficients, the same for all tensors of a layer.
// [LearnedLiGO] learns separate coefficients for each module (query, key, the
// two feed-forward layers, each norm, ...); weight and bias share them.
// Differences from the paper: nothing is widened; embeddings and heads are
// copied; the optimizer is plain Adam with a constant rate and no weight decay.
// The initial coefficients are our choice, because we only had the abstract and
// summaries.
//
// Learning starts with the rows of stacking. With equal coefficients every
// grown layer would be the mean of all source layers. Source layers do not
// share hidden units, so their mean may compute nothing useful, and learning
// would first have to recover a working model. One-hot rows start from a model
// that is known to train well. The difference between this strategy and "stack"
// is then only what learning adds.
//
// The abstract does not mention optimizer moments. How we combine them is our
// choice; see [Strategy.Combine].

const (
	ligoSource        = "after Wang et al. 2023, arXiv 2303.00980 (LiGO), depth only, coefficients given"
	learnedLiGOSource = "after Wang et al. 2023, arXiv 2303.00980 (LiGO), depth only, coefficients learned from stacking's"
)

// LiGO combines the layers of a source linearly. Coefficients has a row for
// each of the to grown layers, with a coefficient for each of the from source
// layers. The map of the result has, for each row, the source layer of the
// coefficient with the largest absolute value. It determines the duplicates.
func LiGO(from, to int, coefficients [][]float64) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if len(coefficients) != to {
		return Strategy{}, fmt.Errorf("LiGO: %s of coefficients for %s: give one for each grown layer", plain.Count(len(coefficients), "row"), plain.Count(to, "layer"))
	}
	m := make(Map, to)
	for i, row := range coefficients {
		if len(row) != from {
			return Strategy{}, fmt.Errorf("LiGO: row %d has %d coefficients: give one for each of the %s", i, len(row), plain.Count(from, "source layer"))
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

// LearnedLiGO combines the layers of a source linearly with learned
// coefficients. Learning takes the given number of steps, at least 1, with Adam
// at a rate above 0. It starts with the coefficients of [GStack].
func LearnedLiGO(from, to, steps int, rate float64) (Strategy, error) {
	s, err := GStack(from, to)
	if err != nil {
		return Strategy{}, err
	}
	s.Name, s.Source = "ligo", learnedLiGOSource
	s.Learn = &Learning{Steps: steps, Rate: rate}
	return s, s.Validate(Depths{from})
}
