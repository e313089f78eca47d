package stats

import (
	"cmp"
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
	return pearson(finitePairs(x, y))
}

// pearson is [Pearson] of finite pairs.
func pearson(x, y []float64) float64 {
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
// It takes O(n log n) time (Knight, A Computer Method for Calculating Kendall's
// Tau with Ungrouped Data, 1966).
func KendallTauB(x, y []float64) float64 {
	n := len(x)
	if n != len(y) {
		return math.NaN()
	}
	rx, ry := Ranks(x), Ranks(y)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(rx[a], rx[b]), cmp.Compare(ry[a], ry[b])) })
	byX, byXY := make([]float64, n), make([]float64, n)
	for i, k := range order {
		byX[i], byXY[i] = rx[k], ry[k]
	}
	// A pair is discordant if sorting by y exchanges what sorting by x and then y
	// put in order.
	tiedX := tiedPairs(byX, nil)
	tiedBoth := tiedPairs(byX, byXY)
	discordant := sortCounting(byXY, make([]float64, n))
	tiedY := tiedPairs(byXY, nil)
	onlyX, onlyY := tiedX-tiedBoth, tiedY-tiedBoth
	untied := n*(n-1)/2 - tiedX - tiedY + tiedBoth
	concordant := untied - discordant
	// For a constant sample this is 0/0 = NaN.
	tau := float64(concordant-discordant) / math.Sqrt(float64(untied+onlyX)) / math.Sqrt(float64(untied+onlyY))
	return max(-1, min(1, tau))
}

// tiedPairs returns the number of pairs of neighbors that are equal in x and,
// unless it is nil, in y. Equal values must be next to each other.
func tiedPairs(x, y []float64) (pairs int) {
	run := 1
	for i := 1; i < len(x); i++ {
		if x[i] != x[i-1] || y != nil && y[i] != y[i-1] {
			run = 0
		}
		pairs += run
		run++
	}
	return pairs
}

// sortCounting sorts x by merging and returns the number of pairs that were in
// the wrong order. buffer has the length of x.
func sortCounting(x, buffer []float64) (wrong int) {
	if len(x) < 2 {
		return 0
	}
	half := len(x) / 2
	wrong = sortCounting(x[:half], buffer[:half]) + sortCounting(x[half:], buffer[half:])
	copy(buffer, x)
	left, right := buffer[:half], buffer[half:]
	for i := range x {
		if len(right) == 0 || len(left) > 0 && left[0] <= right[0] {
			x[i], left = left[0], left[1:]
		} else {
			x[i], right = right[0], right[1:]
			wrong += len(left)
		}
	}
	return wrong
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

// isConstant reports whether x, in which all values are finite, has fewer than
// two different ones.
func isConstant(x []float64) bool {
	return len(x) < 2 || !slices.ContainsFunc(x, func(v float64) bool { return v != x[0] })
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
