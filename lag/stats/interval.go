package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// SpearmanInterval returns a confidence interval for [Spearman]. It describes
// how much rho would change with other candidates in the pool:
//
//	tanh(atanh(rho) ± q s),  s² = (n-1)/n · sum over i of (z[i] - mean z)²
//
// where z[i] is the atanh of rho without candidate i, s is the jackknife's
// standard error (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// chapter 11) on the scale of Fisher's z, and q is the normal quantile for the
// level. The level must be in (0, 1) and is usually 0.95.
//
// If the ranks agree perfectly, the jackknife error is 0. Therefore |rho| is
// limited to 1 - 6/(n(n²-1)), half the step to the next possible value without
// ties. Beyond the limit, s is the error of Bonett and Wright (2000), sqrt((1 +
// rho²/2)/(n-3)), and the interval ends at ±1. The interval of a sample with
// itself is {1, 1}, because that is not an estimate.
//
// In simulations with bivariate normal samples and correlations 0, 0.5, 0.9 and
// 0.98, the 95% interval contained the true value in 93.1% to 95.8% of 10,000
// cases for n = 8 and 12, in 94.3% to 96.3% for n = 20, and in 95.2% to 95.6%
// of 4,000 cases for n = 40. For comparison, at n = 20 a percentile bootstrap
// did so in 97.7% of 600 cases with correlation 0.9, and Bonett and Wright's
// error in 90% with 0.98.
//
// Both ends are NaN if the correlation is undefined, with all candidates or
// without one of them, if there are fewer than four candidates, if the lengths
// differ, or if the level is out of range.
func SpearmanInterval(x, y []float64, level float64) Interval {
	return MeanSpearmanInterval([][]float64{x}, [][]float64{y}, level)
}

// PearsonInterval returns a confidence interval for [Pearson]. It is computed
// as in [SpearmanInterval], but with the quantile of Student's t with n-2
// degrees of freedom. Pairs with a NaN or infinite value are ignored. For
// points on a line both ends are the correlation, 1 or -1.
//
// In the same simulations it contained the true value in 94.9% to 96.4% of the
// cases for n = 8, 12 and 20, and in 94.6% to 94.9% for n = 40. A percentile
// bootstrap did so in 92% to 93% for n = 20. The method does not assume a
// normal distribution, but it was only tested with one.
func PearsonInterval(x, y []float64, level float64) Interval {
	return MeanPearsonInterval([][]float64{x}, [][]float64{y}, level)
}

// MeanSpearmanInterval returns a confidence interval for the [MeanCorrelation]
// over seeds of [Spearman]. It describes how much the mean would change with
// other seeds and with other strategies in the pool. x and y are indexed
// [seed][strategy]. It is [SpearmanInterval] with the error for two-way
// clusters (Cameron, Gelbach and Miller 2011, Robust Inference with Multiway
// Clustering):
//
//	s² = s²(strategies) + max(0, s²(seeds) - s²(cells))
//
// Each term is a jackknife that omits one strategy in all seeds, one seed, or
// one strategy in one seed. The last is contained in both of the others and is
// therefore subtracted once.
//
// In simulations with bivariate normal samples of 20 strategies, 2, 3 and 5
// seeds, correlations 0, 0.5 and 0.9, and 0% to 100% of the variance specific
// to the seed, the 95% interval contained the true value in 93.2% to 97.2% of
// 1,500 cases. If the correlation itself varied between seeds by up to ±0.3, it
// did so in 90.9% to 94.7%, because so few seeds contain little information
// about this variation.
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
	err := jackknifeError(Spearman, spearmanWithoutEach, x, y, limit)
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

// MeanPearsonInterval is [MeanSpearmanInterval] for [Pearson], with the
// quantile of [PearsonInterval]. A strategy that diverged under one seed is
// ignored only for that seed. In the same simulations the 95% interval
// contained the true value in 94.3% to 98.1%, and in 90.4% to 95.0%.
func MeanPearsonInterval(x, y [][]float64, level float64) Interval {
	if _, ok := shape(x, y); !ok || !(level > 0 && level < 1) {
		return undefinedInterval()
	}
	x, y = finiteSomewhere(x, y)
	n := len(x[0])
	if n < 4 {
		return undefinedInterval()
	}
	const limit = 1 - 1e-14 // only rounding errors separate a line from 1
	r := MeanCorrelation(Pearson, x, y)
	if math.Abs(r) > limit {
		return Interval{math.Copysign(1, r), math.Copysign(1, r)}
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}
	return fisherInterval(r, jackknifeError(Pearson, pearsonWithoutEach, x, y, limit), t.Quantile((1+level)/2))
}

// fisherInterval returns the interval of q standard errors around a
// correlation. The error is on the scale of Fisher's z.
func fisherInterval(r, err, q float64) Interval {
	z := math.Atanh(r)
	return Interval{math.Tanh(z - q*err), math.Tanh(z + q*err)}
}

// jackknifeError returns the standard error of the atanh of a mean correlation.
// Means are clamped to ±limit. The result is NaN if a correlation is undefined
// after omitting a pair. withoutEach returns the correlations without each of the
// pairs.
func jackknifeError(correlation func(x, y []float64) float64, withoutEach func(x, y []float64) []float64, x, y [][]float64, limit float64) float64 {
	R, n := len(x), len(x[0])
	z := func(r float64) float64 { return math.Atanh(clamp(r, limit)) }

	whole, sum := make([]float64, R), 0.0
	cells := make([][]float64, R) // the seed's correlation without the strategy
	for r := range R {
		whole[r] = correlation(x[r], y[r])
		sum += whole[r]
		cells[r] = withoutEach(x[r], y[r])
	}

	zs := make([]float64, n)
	for s := range n {
		mean := 0.0
		for r := range R {
			mean += cells[r][s] / float64(R)
		}
		zs[s] = z(mean)
	}
	strategies := jackknifeVariance(zs)
	if R == 1 {
		return math.Sqrt(strategies)
	}

	zr, ofCells := make([]float64, R), 0.0
	for r := range R {
		zr[r] = z((sum - whole[r]) / float64(R-1))
		for s := range n {
			zs[s] = z((sum - whole[r] + cells[r][s]) / float64(R))
		}
		ofCells += jackknifeVariance(zs)
	}
	return math.Sqrt(strategies + max(0, jackknifeVariance(zr)-ofCells))
}

// jackknifeVariance returns the jackknife's variance of a statistic, given its
// values without each of the observations: (n-1)/n · sum of (z[i] - mean z)².
func jackknifeVariance(z []float64) float64 { return stat.PopVariance(z, nil) * float64(len(z)-1) }

// finiteSomewhere returns the strategies with a finite pair of losses for at
// least one seed.
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

// pearsonWithoutEach returns the [Pearson] correlations without each of the pairs.
func pearsonWithoutEach(x, y []float64) []float64 {
	list := make([]float64, len(x))
	for i := range list {
		list[i] = Pearson(without(x, i), without(y, i))
	}
	return list
}

func without[T any](x []T, i int) []T { return slices.Concat(x[:i], x[i+1:]) }

// spearmanWithoutEach returns the [Spearman] correlations without each of the
// pairs. It ranks only once: the other ranks follow.
func spearmanWithoutEach(x, y []float64) []float64 {
	rx, ry, list := Ranks(x), Ranks(y), make([]float64, len(x))
	bx, by := make([]float64, 0, len(x)), make([]float64, 0, len(x))
	for i := range list {
		bx, by = ranksWithout(bx[:0], rx, i), ranksWithout(by[:0], ry, i)
		list[i] = pearson(bx, by)
	}
	return list
}

// ranksWithout appends the ranks of all values but the i-th, given the ranks of
// all. The mid-rank of n tied values falls by 1/2 if there is one fewer of them.
func ranksWithout(to, ranks []float64, i int) []float64 {
	omitted := ranks[i]
	for j, rank := range ranks {
		switch {
		case j == i:
			continue
		case rank > omitted:
			rank--
		case rank == omitted:
			rank -= 0.5
		}
		to = append(to, rank)
	}
	return to
}

// clamp limits x to [-limit, limit]. NaN stays NaN.
func clamp(x, limit float64) float64 { return max(-limit, min(limit, x)) }

func undefinedInterval() Interval { return Interval{math.NaN(), math.NaN()} }
