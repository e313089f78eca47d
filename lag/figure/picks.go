package figure

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Picks draws the regret of each selection rule as a bar: the difference
// between the final loss of its pick and the best of the pool. With several
// seeds the bar is their mean, with a ring for each. Beside each bar are the
// pick and the rule's extra cost, in trainings of one candidate to the end.
// Rules are sorted by regret.
func Picks(r *result.Study) Figure {
	f := Figure{Name: "picks", Title: "Regret of each selection rule" + forSeeds(len(r.Seeds), " (mean of %d seeds, a ring for each)")}
	rules := aggregate.Rules(r)
	if len(rules) == 0 {
		return noData(f.Name, f.Title, "the result has no picks")
	}
	slices.SortStableFunc(rules, func(a, b aggregate.Rule) int {
		return cmp.Compare(aggregate.LastIfUndefined(float64(a.Regret)), aggregate.LastIfUndefined(float64(b.Regret)))
	})
	f.Alt = fmt.Sprintf("Bar chart of the regret of %d selection rules%s. Lowest: %s.", len(rules), underSeeds(len(r.Seeds)), rules[0].Rule)
	f.Caption = "The shorter the bar, the nearer the rule's pick ends to the best strategy. Beside it: what the rule costs, and what it picks."
	bars := []chart.Mark{{Kind: chart.Bars, Style: chart.Style{Color: chart.SkyBlue, Share: 0.68}}, {Kind: chart.Bars, Style: chart.Style{Color: chart.Vermillion, Share: 0.68}}}
	seeds := chart.Mark{Kind: chart.Points, Style: chart.Style{Color: chart.Ink, Shape: chart.Ring, Radius: 3.2}}
	var rows []row
	highest := 0.0
	for i, one := range rules {
		regret, y := float64(one.Regret), float64(i)
		highest = max(highest, reach(one))
		kind := 0
		if one.IsLAG {
			kind = 1
			f.Alt += fmt.Sprintf(" %s picks %s with a regret of %s nats.", one.Rule, one.Choices, formatRegret(regret))
		}
		bars[kind].Data = append(bars[kind].Data, chart.Datum{X: regret, Y: y, Y2: y, Tips: ruleTips(one)})
		for _, regret := range one.Regrets {
			if len(one.Regrets) > 1 {
				seeds.Data = append(seeds.Data, chart.Datum{X: regret, Y: y})
			}
		}
		note := formatRegret(regret) + " · " + cost(one) + " · " + one.Choices
		rows = append(rows, row{name: one.Rule, marked: one.IsLAG, note: chart.Shorten(note, chart.SizeNote, false, 420)})
	}
	if highest == 0 {
		highest = 1e-3
	}
	p := rowPanel("rule", rows, chart.Values("regret", "regret: final loss above the best of the pool [nats/token]", 0, 1.02*highest, 5))
	p.Marks = append(p.Marks, bars[0], bars[1], seeds)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}})
}

// ruleTips returns the entries of a rule's tooltip.
func ruleTips(one aggregate.Rule) []chart.Tip {
	tips := tip("picks", one.Choices)
	if finite(one.Extra) {
		tips = append(tips, chart.Tip{Name: "extra trainings", Value: one.Extra})
	}
	return tips
}

// reach returns the highest regret of a rule over its seeds and its mean.
func reach(one aggregate.Rule) float64 {
	highest := 0.0
	for _, regret := range append(slices.Clone(one.Regrets), float64(one.Regret)) {
		if finite(regret) {
			highest = max(highest, regret)
		}
	}
	return highest
}

// cost describes a rule's extra cost.
func cost(one aggregate.Rule) string {
	if one.Extra == 0 {
		return "at no extra cost"
	}
	return "+" + one.Cost
}

func formatRegret(x float64) string {
	if !finite(x) {
		return "∞ (did not finish)"
	}
	return fmt.Sprintf("%.4f", x)
}
