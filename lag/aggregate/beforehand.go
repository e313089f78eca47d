package aggregate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// keptMargin is the largest difference, in nats, between the loss of the source and that
// right after growing with which a strategy counts as keeping the loss.
const keptMargin = 0.01

// Beforehand is what is known of a study before any candidate is trained, and might tell
// whether the loss at initialization will mislead.
type Beforehand struct {
	BelowUnigram float64 // unigram entropy less the source's loss, nats: how much the source has learned
	Spread       float64 // standard deviation of the losses at initialization over the strategies, nats, mean over the seeds
	Kept         float64 // share of the strategies whose loss at initialization is within 0.01 nats of the source's, mean over the seeds
}

// Beforehand returns what is known of the study beforehand. It is NaN where nothing was
// evaluated at initialization.
func (s Compared) Beforehand() Beforehand {
	b := Beforehand{BelowUnigram: s.Source.UnigramEntropy - float64(s.Source.Loss), Spread: math.NaN(), Kept: math.NaN()}
	losses := s.LossesAt(0)
	var spreads, kept []float64
	for _, seed := range losses {
		if len(seed) < 2 {
			return b
		}
		if slices.ContainsFunc(seed, math.IsNaN) {
			return b
		}
		n := 0.0
		for _, loss := range seed {
			if math.Abs(loss-float64(s.Source.Loss)) <= keptMargin {
				n++
			}
		}
		spreads, kept = append(spreads, stat.StdDev(seed, nil)), append(kept, n/float64(len(seed)))
	}
	if len(losses) > 0 {
		b.Spread, b.Kept = stat.Mean(spreads, nil), stat.Mean(kept, nil)
	}
	return b
}
