package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// separableErrors is the number of standard errors that a difference must exceed.
const separableErrors = 2

// Difference is the mean of paired differences, in nats.
type Difference struct {
	Mean   float64
	StdErr float64 // standard error of the mean
	Z      float64 // Mean / StdErr; if StdErr is 0 it is infinite, or NaN if Mean is 0 too
}

// PairedDifference compares two candidates by their losses a and b on the same
// n validation batches. The result is the mean of d[i] = a[i] - b[i], which is
// negative if the first is better, and
//
//	StdErr = sqrt(sum of (d[i] - mean d)² / (n-1) / n)
//
// Effects of batches that are hard for both candidates cancel, so the error is
// far smaller than that of either loss. It describes the variation over similar
// validation text, not over training seeds. All fields are NaN for fewer than
// two batches, for different lengths, and if a loss is NaN or infinite.
func PairedDifference(a, b []float64) Difference {
	undefined := Difference{math.NaN(), math.NaN(), math.NaN()}
	if len(a) != len(b) || len(a) < 2 {
		return undefined
	}
	d := make([]float64, len(a))
	for i := range d {
		if !isFinite(a[i]) || !isFinite(b[i]) {
			return undefined
		}
		d[i] = a[i] - b[i]
	}
	mean, deviation := stat.MeanStdDev(d, nil)
	err := deviation / math.Sqrt(float64(len(d)))
	return Difference{Mean: mean, StdErr: err, Z: mean / err}
}

// PairDifference is the [PairedDifference] of the candidates First and Second.
type PairDifference struct {
	First, Second int
	Difference
}

// PairedDifferences compares all pairs of candidates First < Second, in order.
// Losses are indexed [candidate][batch].
func PairedDifferences(losses [][]float64) []PairDifference {
	var pairs []PairDifference
	for i := range losses {
		for j := i + 1; j < len(losses); j++ {
			pairs = append(pairs, PairDifference{i, j, PairedDifference(losses[i], losses[j])})
		}
	}
	return pairs
}

// Separable returns the share, in [0, 1], of the pairs of candidates whose mean
// losses differ by more than 2 standard errors of the [PairedDifference]. It
// shows whether the validation set is large enough to rank the pool. Pairs with
// an undefined difference do not count; the result is NaN if none remain.
func Separable(losses [][]float64) float64 {
	separable, defined := 0, 0
	for _, p := range PairedDifferences(losses) {
		if math.IsNaN(p.Mean) {
			continue
		}
		defined++
		if math.Abs(p.Mean) > separableErrors*p.StdErr {
			separable++
		}
	}
	return float64(separable) / float64(defined)
}
