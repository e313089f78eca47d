package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Pearson returns the product-moment correlation of x and y, in [-1, 1].
//
// Pairs with a NaN or infinite value, such as those of diverged candidates, are
// ignored. The result is NaN if x or y is constant over the remaining pairs, if
// fewer than two pairs remain, or if the lengths differ.
func Pearson(x, y []float64) float64 {
	if len(x) != len(y) {
		return math.NaN()
	}
	x, y = finitePairs(x, y)
	if isConstant(x) || isConstant(y) {
		return math.NaN()
	}
	// Rounding can make a perfect correlation slightly larger than 1.
	return max(-1, min(1, stat.Correlation(x, y, nil)))
}

// Ranks returns the ranks of x, from 1 for the smallest value. Equal values
// share the mean of their ranks (mid-ranks), so the ranks always sum to
// n(n+1)/2. NaN counts as +Inf: diverged candidates rank last.
func Ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareLoss(x[a], x[b]) })

	ranks := make([]float64, len(x))
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && compareLoss(x[order[start]], x[order[end]]) == 0 {
			end++
		}
		// The ties have the ranks start+1 to end.
		for _, i := range order[start:end] {
			ranks[i] = float64(start+1+end) / 2
		}
		start = end
	}
	return ranks
}

// Spearman returns Spearman's rank correlation rho of x and y, in [-1, 1]: the
// [Pearson] correlation of their mid-ranks. NaN values rank last, see [Ranks].
// The result is NaN if x or y is constant, if there are fewer than two pairs,
// or if the lengths differ.
func Spearman(x, y []float64) float64 {
	return Pearson(Ranks(x), Ranks(y))
}

// KendallTauB returns Kendall's rank correlation tau-b of x and y, in [-1, 1]:
//
//	tau_b = (P - Q) / sqrt((P + Q + X) (P + Q + Y))
//
// with P concordant and Q discordant pairs, X pairs tied only in x and Y pairs
// tied only in y (Kendall, The treatment of ties in ranking problems, 1945).
// NaN values rank last, see [Ranks]. The result is NaN if x or y is constant,
// if there are fewer than two pairs, or if the lengths differ.
//
// It takes O(n²) time, which is fast enough for pools of strategies.
func KendallTauB(x, y []float64) float64 {
	if len(x) != len(y) {
		return math.NaN()
	}
	var concordant, discordant, onlyX, onlyY float64
	for i := range x {
		for j := range i {
			switch cx, cy := compareLoss(x[i], x[j]), compareLoss(y[i], y[j]); {
			case cx == 0 && cy == 0:
			case cx == 0:
				onlyX++
			case cy == 0:
				onlyY++
			case cx == cy:
				concordant++
			default:
				discordant++
			}
		}
	}
	untied := concordant + discordant
	// For a constant sample this is 0/0 = NaN.
	tau := (concordant - discordant) / math.Sqrt(untied+onlyX) / math.Sqrt(untied+onlyY)
	return max(-1, min(1, tau))
}

// LinearFit returns the least-squares line y = intercept + slope·x. Pairs with
// a NaN or infinite value are ignored. Both results are NaN if x is constant
// over the remaining pairs, if fewer than two pairs remain, or if the lengths
// differ.
func LinearFit(x, y []float64) (intercept, slope float64) {
	if len(x) != len(y) {
		return math.NaN(), math.NaN()
	}
	x, y = finitePairs(x, y)
	if isConstant(x) {
		return math.NaN(), math.NaN()
	}
	return stat.LinearRegression(x, y, nil, false)
}

// compareLoss compares losses, with NaN as +Inf. It returns -1, 0 or 1.
func compareLoss(a, b float64) int {
	if math.IsNaN(a) {
		a = math.Inf(1)
	}
	if math.IsNaN(b) {
		b = math.Inf(1)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// finitePairs returns the pairs of x and y in which both values are finite.
func finitePairs(x, y []float64) (fx, fy []float64) {
	for i := range x {
		if isFinite(x[i]) && isFinite(y[i]) {
			fx, fy = append(fx, x[i]), append(fy, y[i])
		}
	}
	return fx, fy
}

// isConstant reports whether x has fewer than two different values.
func isConstant(x []float64) bool {
	return len(x) < 2 || slices.Min(x) == slices.Max(x)
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
