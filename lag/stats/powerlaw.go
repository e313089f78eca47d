package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// PowerLaw is the curve y = A + B t^-C: a loss that converges to A.
type PowerLaw struct{ A, B, C float64 }

// At returns the value at time t > 0, in the units of A.
func (p PowerLaw) At(t float64) float64 { return p.A + p.B*math.Pow(t, -p.C) }

// Range of exponents for FitPowerLaw. In the range of times of a probe, a curve
// with a smaller exponent looks like a logarithm, and with a larger one like a
// step.
const (
	smallestExponent = 1e-3
	largestExponent  = 8
	exponentGrid     = 80
)

// FitPowerLaw returns the least-squares fit of y = A + B t^-C with C in [0.001,
// 8]. For each C, the best A and B follow from a linear regression on t^-C. The
// best C minimizes the remaining sum of squares. It is searched on a grid and
// then, around the best grid point, by golden section. B is negative for a
// curve that rises.
//
// Points with a time that is not positive, or with a NaN or infinite value, are
// ignored. All fields are NaN if fewer than three different times remain, or if
// the lengths differ.
func FitPowerLaw(t, y []float64) PowerLaw {
	undefined := PowerLaw{math.NaN(), math.NaN(), math.NaN()}
	if len(t) != len(y) {
		return undefined
	}
	t, y = finitePairs(t, y)
	var logs, values []float64
	different := make(map[float64]bool)
	for i := range t {
		if t[i] > 0 {
			logs, values = append(logs, math.Log(t[i])), append(values, y[i])
			different[t[i]] = true
		}
	}
	if len(different) < 3 {
		return undefined
	}
	// Center the log times: the basis below is then near zero for every C, and
	// keeps digits that t^-C itself would lose for small C.
	center := stat.Mean(logs, nil)
	for i := range logs {
		logs[i] -= center
	}
	basis := make([]float64, len(logs))
	fit := func(c float64) (intercept, slope, squares float64) {
		for i, l := range logs {
			basis[i] = -math.Expm1(-c*l) / c // (1 - (t/center)^-c) / c, which converges to the log time as c goes to 0
		}
		intercept, slope = stat.LinearRegression(basis, values, nil, false)
		for i, b := range basis {
			r := values[i] - intercept - slope*b
			squares += r * r
		}
		return intercept, slope, squares
	}
	step := math.Log(largestExponent/smallestExponent) / exponentGrid
	at := func(i float64) float64 { return smallestExponent * math.Exp(step*i) }
	squares := func(i float64) float64 { _, _, s := fit(at(i)); return s }
	best, least := 0, math.Inf(1)
	for i := range exponentGrid + 1 {
		if s := squares(float64(i)); s < least {
			best, least = i, s
		}
	}
	c := at(goldenSection(squares, max(0, float64(best-1)), min(exponentGrid, float64(best+1))))
	intercept, slope, _ := fit(c)
	return PowerLaw{A: intercept + slope/c, B: -slope / c * math.Exp(c*center), C: c}
}

// goldenSection returns the position of the minimum of f, which must have only
// one minimum in [lo, hi] (Kiefer, Sequential minimax search for a maximum,
// 1953).
func goldenSection(f func(float64) float64, lo, hi float64) float64 {
	ratio := (math.Sqrt(5) - 1) / 2
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for range 100 { // 0.618^100 of the interval is less than the floating-point precision
		if fa <= fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return (lo + hi) / 2
}
