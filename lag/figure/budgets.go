package figure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
)

// Budgets draws what rules lose against what they cost, as means over several
// studies: the cost as a share of that of LAG with the study's own lag, the regret
// in nats on the left and as a share of what a random pick loses on the right. Points
// of a line differ in the step of their first look. The dotted line is that LAG.
// Points far above it are triangles at the edge. See [aggregate.Comparison.Budgets].
func Budgets(c *aggregate.Comparison) Figure {
	f := Figure{Name: "budgets", Title: "What rules cost and lose"}
	b, err := c.Budgets(context.Background())
	if err != nil {
		return Figure{Name: f.Name, Title: f.Title, Err: fmt.Errorf("figure %s: %w", f.Name, err)}
	}
	rules, lag := b.Rules, b.LAG
	if len(rules) == 0 {
		return noData(f.Name, f.Title, "no study has a regret and a cost of LAG")
	}
	f.Title += ", mean of " + plain.Count(len(c.Studies)-len(b.Left), "study")
	f.Caption = "Low and to the left is good. At a cost of 1 is LAG with the study's own lag; the dotted line is what it loses."
	above := ""                                   // said if something is drawn at the edge
	sweeps := make([]aggregate.Sweep, len(rules)) // only for their styles
	var legend chart.Legend
	for i, one := range rules {
		sweeps[i].Name = one.Name
	}
	for i, one := range rules {
		legend.Entries = append(legend.Entries, chart.Entry{Label: one.Name, Series: one.Name, Kind: chart.Line, Style: keyOf(sweepLine(sweeps, i), sweepPoint(sweeps, i))})
	}
	panel := func(title, name, unit string, of func(aggregate.BudgetPoint) float64) chart.Panel {
		p := chart.Panel{Title: title, Width: 380, Height: 300, X: budgetAxis(rules), Y: chart.Values(name, unit, 0, budgetTop(rules, of), 7)}
		if v := of(lag); finite(v) {
			p.Marks = append(p.Marks, across(p.X, v, chart.Style{Color: chart.Ink, Width: 1.3, Dash: chart.Dotted}))
		}
		for i := len(rules) - 1; i >= 0; i-- { // LAG, which is the first, is drawn last
			if slices.ContainsFunc(rules[i].Points, func(one aggregate.BudgetPoint) bool { return of(one) > p.Y.Max }) {
				above = " Triangles lie above the edge."
			}
			p.Marks = append(p.Marks, budgetMarks(p, rules[i], sweepLine(sweeps, i), sweepPoint(sweeps, i), of)...)
		}
		return p
	}
	rows := [][]chart.Panel{{
		panel("Regret", "regret", "mean regret [nats/token]", func(p aggregate.BudgetPoint) float64 { return p.Regret }),
		panel("As a share of a random pick's", "share", "mean of regret / regret of a random pick", func(p aggregate.BudgetPoint) float64 { return p.Relative }),
	}}
	f.Caption += above
	f.Alt = spokenBudgets(rules, lag)
	return render(f, chart.Chart{Rows: rows, Legend: legend, Series: "rule", Choose: true})
}

// budgetTop returns the upper end of an axis of regrets: room for twice what LAG loses
// at most, after any lag. The loss at initialization may lose many times as much.
func budgetTop(rules []aggregate.Budgeted, of func(aggregate.BudgetPoint) float64) float64 {
	top, all := 0.0, 0.0
	for i, one := range rules {
		for _, p := range one.Points {
			if v := of(p); finite(v) {
				if all = max(all, v); i == 0 && p.Cost > 0 {
					top = max(top, 2*v)
				}
			}
		}
	}
	switch {
	case all == 0:
		return 1e-3
	case top == 0:
		return 1.05 * all
	}
	return min(top, 1.05*all)
}

// budgetMarks draws the points of a rule and the line that joins neighbors.
func budgetMarks(p chart.Panel, rule aggregate.Budgeted, line, point chart.Style, of func(aggregate.BudgetPoint) float64) []chart.Mark {
	at := chart.Mark{Kind: chart.Points, Series: rule.Name, Style: point}
	off := chart.Mark{Kind: chart.Points, Series: rule.Name, Loose: true, Style: chart.Style{Color: line.Color, Shape: chart.Triangle, Radius: 4}}
	runs := [][]chart.Datum{nil}
	for _, one := range rule.Points {
		v := of(one)
		tips := append(tip("rules", strings.Join(one.Rules, ", ")), tip("less LAG's", one.Difference)...)
		switch {
		case !finite(v):
			runs = append(runs, nil)
		case v > p.Y.Max:
			off.Data = append(off.Data, chart.Datum{X: one.Cost, Y: p.Y.Max, Tips: append(tips, tip("above the figure", v)...)})
			runs = append(runs, nil)
		default:
			d := chart.Datum{X: one.Cost, Y: v, Tips: tips}
			at.Data, runs[len(runs)-1] = append(at.Data, d), append(runs[len(runs)-1], d)
		}
	}
	var marks []chart.Mark
	for _, run := range runs {
		if len(run) > 1 {
			marks = append(marks, chart.Mark{Kind: chart.Line, Series: rule.Name, Loose: true, Style: line, Data: run})
		}
	}
	for _, m := range []chart.Mark{at, off} {
		if len(m.Data) > 0 {
			marks = append(marks, m)
		}
	}
	return marks
}

// budgetAxis returns the axis of costs.
func budgetAxis(rules []aggregate.Budgeted) chart.Axis {
	last := 1.0
	for _, one := range rules {
		for _, p := range one.Points {
			last = max(last, p.Cost)
		}
	}
	x := chart.Axis{Name: "cost", Title: "mean cost [cost of LAG, log scale of 1 + cost]", Max: last, Log1p: true}
	for _, tick := range []chart.Tick{{At: 0, Label: "0"}, {At: 1. / 3, Label: "⅓"}, {At: 2. / 3, Label: "⅔"}, {At: 1, Label: "1"}, {At: 1.5, Label: "1.5"}, {At: 2, Label: "2"}, {At: 3, Label: "3"}, {At: 5, Label: "5"}, {At: 10, Label: "10"}} {
		if tick.At <= last {
			x.Ticks = append(x.Ticks, tick)
		}
	}
	return x
}

// spokenBudgets describes the figure for readers who cannot see it.
func spokenBudgets(rules []aggregate.Budgeted, lag aggregate.BudgetPoint) string {
	parts := []string{fmt.Sprintf("Lines of mean regret against mean cost. LAG with the studies' own lags loses %.4f nats", lag.Regret)}
	for _, one := range rules {
		first, last := one.Points[0], one.Points[len(one.Points)-1]
		parts = append(parts, fmt.Sprintf("%s from %.4f at %.2f of its cost to %.4f at %.2f", one.Name, first.Regret, first.Cost, last.Regret, last.Cost))
	}
	return strings.Join(parts, "; ") + "."
}
