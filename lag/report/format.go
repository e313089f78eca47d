package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/landscape-aware/growing/lag/result"
)

// Number formats a value as in the tables, and NaN or an infinity as a dash.
func Number(n result.Number, decimals int) string { return number(float64(n), decimals) }

// number formats a value, and NaN or an infinity as a dash.
func number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// percent formats a share.
func percent(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) }

// share formats a share, and NaN or an infinity as a dash.
func share(n result.Number) string {
	if !defined(n) {
		return "–"
	}
	return percent(float64(n))
}

// rank formats a rank: 3, or 3.5 for a tie.
func rank(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// ending returns a final loss, or how the training stopped.
func ending(unfinished string, final float64) string {
	if unfinished != "" {
		return unfinished
	}
	return number(final, 4)
}
