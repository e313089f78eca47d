package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// separableErrors is how many standard errors a difference must exceed.
const separableErrors = 2

// Difference is the mean of paired differences, in nats.
type Difference struct {
	Mean   float64
	StdErr float64 // of the mean
	Z      float64 // Mean / StdErr; infinite, or NaN if Mean is 0 too, where StdErr is 0
}

// PairedDifference compares two candidates by their losses a and b on the same n
// validation batches: the mean of d[i] = a[i] - b[i], negative where the first is
// better, and
//
//	StdErr = sqrt(sum of (d[i] - mean d)² / (n-1) / n)
//
// Batches that are hard for both cancel, which makes the error far smaller than
// that of either loss. It holds for other validation text of the kind, not for
// another training seed. All of it is NaN for fewer than two batches, for
// different lengths, and where a loss is NaN or infinite.
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

// PairDifference is the [PairedDifference] of candidates First and Second.
type PairDifference struct {
	First, Second int
	Difference
}

// PairedDifferences compares all pairs of candidates First < Second, in order.
// losses are indexed [candidate][batch].
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
// losses differ by more than 2 standard errors of the [PairedDifference]: whether
// the validation set is large enough to rank the pool. Pairs whose difference is
// undefined do not count; the result is NaN where none is left.
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
