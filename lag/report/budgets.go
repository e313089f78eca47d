package report

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// budgetHeaders go with [budgetRows].
var budgetHeaders = []string{"what rules cost and lose, means over studies", "cost, LAG's is 1", "regret, nats", "less LAG's", "standard error", "of a random pick's"}

// budgetRows returns the table of what rules lose at about a third of what LAG costs,
// and LAG itself first, and says what it averages. Without several studies there is none.
func budgetRows(c *aggregate.Comparison) (rows []comparedRow, note string, err error) {
	b, err := c.Budgets(context.Background())
	if err != nil || len(b.Rules) == 0 || len(c.Studies) < 2 {
		return nil, "", err
	}
	line := func(name string, p aggregate.BudgetPoint) comparedRow {
		return comparedRow{name, []string{number(p.Cost, 2), number(p.Regret, 4), number(p.Difference, 4), number(p.Error, 4), percentOf(p.Relative)}}
	}
	rows = append(rows, line("LAG with the study's own lag", b.LAG))
	if len(b.Fixed.Rules) > 0 {
		rows = append(rows, line("always "+strings.TrimPrefix(b.Fixed.Rules[0], "strategy:")+", the best fixed choice, known afterwards", b.Fixed))
	}
	for _, one := range b.Rules {
		near := one.Points[0]
		for _, p := range one.Points {
			if math.Abs(p.Cost-1./3) < math.Abs(near.Cost-1./3) {
				near = p
			}
		}
		which := "first"
		if one.Name == "power-law" {
			which = "last"
		}
		rows = append(rows, line(fmt.Sprintf("%s, %s look at %s of the lag", one.Name, which, percent(near.Look)), near))
	}
	note = fmt.Sprintf("Means over %s. Each rule has the look with which it costs nearest to a third of what LAG costs.", plain.Count(len(b.LAG.Rules), "study"))
	if len(b.Left) > 0 {
		note += " Without a regret or a cost of LAG, and left out: " + strings.Join(b.Left, ", ") + "."
	}
	return rows, note, nil
}

// BudgetsCSV writes what rules cost and lose over the studies of a comparison; see
// [aggregate.Comparison.Budgets]. The first line has the names of the columns: rule,
// look, cost (share of LAG's), regret (nats), relative (share of a random pick's),
// difference (from LAG's regret, nats), error (its standard error), rules (by study,
// separated by blanks). An undefined number is left empty. The first rule is LAG with
// the studies' own lags, the second the best fixed strategy.
func BudgetsCSV(w io.Writer, c *aggregate.Comparison) error {
	b, err := c.Budgets(context.Background())
	if err != nil {
		return err
	}
	lines := [][]string{{"rule", "look", "cost", "regret", "relative", "difference", "error", "rules"}}
	add := func(name string, p aggregate.BudgetPoint) {
		line := []string{name, ""}
		if !math.IsNaN(p.Look) {
			line[1] = strconv.FormatFloat(p.Look, 'g', 4, 64)
		}
		for _, v := range []float64{p.Cost, p.Regret, p.Relative, p.Difference, p.Error} {
			line = append(line, exact(result.Number(v)))
		}
		lines = append(lines, append(line, strings.Join(p.Rules, " ")))
	}
	if len(b.LAG.Rules) > 0 {
		add("own lag", b.LAG)
	}
	if len(b.Fixed.Rules) > 0 {
		add("fixed", b.Fixed)
	}
	for _, one := range b.Rules {
		for _, p := range one.Points {
			add(one.Name, p)
		}
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("writing what rules cost as CSV: %w", err)
	}
	return nil
}
