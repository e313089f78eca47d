package report

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
)

// Sweeps compares rules at equal cost. For each budget, in trainings of one
// candidate to the end, it shows the regret of the rule of each sweep that costs
// most within the budget, and in brackets the number that sets its cost.
func Sweeps(sweeps []aggregate.Sweep, budgets ...float64) string {
	headers := []string{"regret for at most"}
	for _, budget := range budgets {
		headers = append(headers, fmt.Sprintf("%.4g", budget))
	}
	var cells [][]string
	for _, s := range sweeps {
		line := []string{s.Name}
		for _, budget := range budgets {
			cell := "–"
			if one, ok := s.Within(budget); ok {
				cell = fmt.Sprintf("%s (%s)", number(float64(one.Regret), 4), setting(s.Name, one.Rule))
			}
			line = append(line, cell)
		}
		cells = append(cells, line)
	}
	return plainTable(headers, cells, 1)
}

// setting returns what a rule has besides the name of its sweep.
func setting(sweep, rule string) string {
	if rest, ok := strings.CutPrefix(rule, sweep); ok && rest != "" {
		return rest[1:]
	}
	if of, ok := strings.CutPrefix(rule, "best of "); ok {
		n, _, _ := strings.Cut(of, " ")
		return n
	}
	if sweep == aggregate.BestOf {
		return "1"
	}
	return rule
}
