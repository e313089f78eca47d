package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// Expenses returns what the parts of a study read and took: tokens, also for each
// parameter of a model, FLOPs and wall time.
func Expenses(r *result.Study, a aggregate.Account) string {
	var cells [][]string
	for _, e := range a.Expenses(r) {
		cells = append(cells, []string{e.Name, strconv.Itoa(e.Models), strconv.Itoa(e.Steps), figures(e.Tokens), number(e.PerParameter, 2), figures(e.FLOPs), duration(e.Seconds)})
	}
	return plainTable([]string{"what", "models", "steps", "tokens", "tokens/parameter of one", "FLOPs", "wall time"}, cells, 1)
}

// figures formats a large number with three digits, and NaN as a dash.
func figures(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.3g", x)
}

// duration formats seconds, and NaN as a dash.
func duration(seconds float64) string {
	switch {
	case math.IsNaN(seconds) || math.IsInf(seconds, 0):
		return "–"
	case seconds < 10:
		return fmt.Sprintf("%.1fs", seconds)
	}
	return time.Duration(math.Round(seconds) * float64(time.Second)).String()
}
