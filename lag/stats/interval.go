package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// SpearmanInterval returns a confidence interval of [Spearman] over the
// candidates, how far it would move had other candidates been in the pool:
//
//	tanh(atanh(rho) ± q s),  s² = (n-1)/n · sum over i of (z[i] - mean z)²
//
// with z[i] the atanh of rho without candidate i, s the jackknife's standard
// error (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter
// 11) on the scale of Fisher's z, and q the normal quantile of the level, in
// (0, 1), 0.95 as a rule.
//
// Where the ranks agree perfectly, the jackknife has nothing to go by. Every rho
// is therefore kept 6/(n(n²-1)) away from ±1, half the step to the next value
// that it can take without ties, and s is then that of Bonett and Wright (2000),
// sqrt((1 + rho²/2)/(n-3)); the interval ends in ±1. The interval of a sample with
// itself is {1, 1}: that is no estimate.
//
// Of samples from a bivariate normal with correlations 0, 0.5, 0.9 and 0.98, the
// 95% interval held the true value in 93.1% to 95.8% of 10,000 cases with n = 8
// and 12, in 94.3% to 96.3% with n = 20, and in 95.2% to 95.6% of 4,000 with n = 40.
// For comparison, at n = 20 a percentile bootstrap did so in 97.7% of 600 cases at
// correlation 0.9, and Bonett and Wright's error in 90% at 0.98.
//
// Both ends are NaN where the correlation is undefined, be it without one of the
// candidates, where there are fewer than four, where the lengths differ, and where
// the level is out of range.
func SpearmanInterval(x, y []float64, level float64) Interval {
	return MeanSpearmanInterval([][]float64{x}, [][]float64{y}, level)
}

// PearsonInterval returns a confidence interval of [Pearson] over the candidates:
// that of [SpearmanInterval], with the quantile of Student's t for n-2 degrees of
// freedom. Pairs with a NaN or an infinite value are left out. The interval of a
// perfect line is that line's correlation, 1 or -1.
//
// Measured as there, it held the true value in 94.9% to 96.4% of the cases for n =
// 8, 12 and 20, and in 94.6% to 94.9% for n = 40. A percentile bootstrap did so in 92%
// to 93% at n = 20. It does not assume a normal distribution, but was measured with
// no other.
func PearsonInterval(x, y []float64, level float64) Interval {
	return MeanPearsonInterval([][]float64{x}, [][]float64{y}, level)
}

// MeanSpearmanInterval returns a confidence interval of the [MeanCorrelation]
// over seeds of [Spearman]: how far it would move under other seeds and with
// other strategies in the pool. x and y are indexed [seed][strategy]. It is
// [SpearmanInterval] with the error of two-way clusters (Cameron, Gelbach and
// Miller 2011, Robust Inference with Multiway Clustering):
//
//	s² = s²(strategies) + max(0, s²(seeds) - s²(cells))
//
// each term a jackknife that leaves out one strategy in all seeds, one seed, or
// one strategy in one seed. The last is in both of the others, and goes once.
//
// Of bivariate normal samples of 20 strategies, with 2, 3 and 5 seeds,
// correlations of 0, 0.5 and 0.9, and from none to all of the variance peculiar
// to the seed, the 95% interval held the true value in 93.2% to 97.2% of 1,500
// cases; in 90.9% to 94.7% where the correlation itself differed between seeds, by
// up to 0.3 either way: so few seeds show little of that.
func MeanSpearmanInterval(x, y [][]float64, level float64) Interval {
	strategies, ok := shape(x, y)
	n := float64(strategies)
	if !ok || n < 4 || !(level > 0 && level < 1) {
		return undefinedInterval()
	}
	rho := MeanCorrelation(Spearman, x, y)
	if rho == 1 && slices.EqualFunc(x, y, sameLosses) {
		return Interval{1, 1}
	}
	limit := 1 - 6/(n*(n*n-1))
	near := clamp(rho, limit)
	err := jackknifeError(Spearman, x, y, limit)
	if math.Abs(rho) > limit {
		err = math.Sqrt((1 + near*near/2) / (n - 3))
	}
	i := fisherInterval(near, err, distuv.UnitNormal.Quantile((1+level)/2))
	switch {
	case rho > limit:
		i.Hi = 1
	case rho < -limit:
		i.Lo = -1
	}
	return i
}

// MeanPearsonInterval is [MeanSpearmanInterval] for [Pearson], with the quantile
// of [PearsonInterval]. A strategy that diverged under one seed is left out there
// only. Measured in the same cases, the 95% interval held the true value in 94.3% to
// 98.1%, and in 90.4% to 95.0%.
func MeanPearsonInterval(x, y [][]float64, level float64) Interval {
	if _, ok := shape(x, y); !ok || !(level > 0 && level < 1) {
		return undefinedInterval()
	}
	x, y = finiteSomewhere(x, y)
	n := len(x[0])
	if n < 4 {
		return undefinedInterval()
	}
	const limit = 1 - 1e-14 // a line is off it by rounding only
	r := MeanCorrelation(Pearson, x, y)
	if math.Abs(r) > limit {
		return Interval{math.Copysign(1, r), math.Copysign(1, r)}
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}
	return fisherInterval(r, jackknifeError(Pearson, x, y, limit), t.Quantile((1+level)/2))
}

// fisherInterval is the interval q errors around a correlation, with the error on
// the scale of Fisher's z.
func fisherInterval(r, err, q float64) Interval {
	z := math.Atanh(r)
	return Interval{math.Tanh(z - q*err), math.Tanh(z + q*err)}
}

// jackknifeError returns the standard error of the atanh of a mean correlation,
// with every mean kept within ±limit. It is NaN where the correlation is
// undefined without some pair.
func jackknifeError(correlation func(x, y []float64) float64, x, y [][]float64, limit float64) float64 {
	R, n := len(x), len(x[0])
	z := func(r float64) float64 { return math.Atanh(clamp(r, limit)) }
	variance := func(z []float64) float64 { return stat.PopVariance(z, nil) * float64(len(z)-1) }

	whole, sum := make([]float64, R), 0.0
	cells := make([][]float64, R) // the seed's correlation without the strategy
	for r := range R {
		whole[r] = correlation(x[r], y[r])
		sum += whole[r]
		cells[r] = make([]float64, n)
		for s := range n {
			cells[r][s] = correlation(without(x[r], s), without(y[r], s))
		}
	}

	zs := make([]float64, n)
	for s := range n {
		mean := 0.0
		for r := range R {
			mean += cells[r][s] / float64(R)
		}
		zs[s] = z(mean)
	}
	strategies := variance(zs)
	if R == 1 {
		return math.Sqrt(strategies)
	}

	zr, ofCells := make([]float64, R), 0.0
	for r := range R {
		zr[r] = z((sum - whole[r]) / float64(R-1))
		for s := range n {
			zs[s] = z((sum - whole[r] + cells[r][s]) / float64(R))
		}
		ofCells += variance(zs)
	}
	return math.Sqrt(strategies + max(0, variance(zr)-ofCells))
}

// finiteSomewhere returns the strategies that have a finite pair of losses under
// some seed.
func finiteSomewhere(x, y [][]float64) (fx, fy [][]float64) {
	fx, fy = make([][]float64, len(x)), make([][]float64, len(x))
	for s := range x[0] {
		finite := false
		for r := range x {
			finite = finite || isFinite(x[r][s]) && isFinite(y[r][s])
		}
		for r := range x {
			if finite {
				fx[r], fy[r] = append(fx[r], x[r][s]), append(fy[r], y[r][s])
			}
		}
	}
	return fx, fy
}

func sameLosses(x, y []float64) bool {
	return slices.EqualFunc(x, y, func(a, b float64) bool { return compareLoss(a, b) == 0 })
}

func without(x []float64, i int) []float64 { return slices.Concat(x[:i], x[i+1:]) }

// clamp keeps x within ±limit, and NaN as it is.
func clamp(x, limit float64) float64 { return max(-limit, min(limit, x)) }

func undefinedInterval() Interval { return Interval{math.NaN(), math.NaN()} }
