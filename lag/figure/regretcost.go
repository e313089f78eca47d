package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// RegretCost draws the mean regret of each selection rule's picks against its
// extra cost, in trainings of one candidate to the end, on a logarithmic scale
// of 1 + cost. The dashed line joins the rules that no other rule beats at the
// same or lower cost. With several seeds, a bar spans the lowest to the highest
// regret. Rules whose pick stopped with some seed are omitted.
func RegretCost(r *result.Study) Figure {
	f := Figure{Name: "regret-cost", Title: "What a lower regret costs" + seedsInTitle(len(r.Seeds))}
	rules := slices.DeleteFunc(aggregate.Rules(r), func(one aggregate.Rule) bool { return !finite(float64(one.Regret)) || !finite(one.Extra) })
	if len(rules) == 0 {
		return noData(f.Name, f.Title, "no rule has a finite regret and a cost")
	}
	front := aggregate.Front(rules)
	var spoken []string
	line := chart.Mark{Kind: chart.Line, Loose: true, Style: chart.Style{Color: chart.Grey, Width: 1.6, Dash: chart.Dashed}}
	for _, one := range front {
		spoken = append(spoken, fmt.Sprintf("%s with %.4f nats at %.2f trainings", one.Rule, float64(one.Regret), one.Extra))
		line.Data = append(line.Data, chart.Datum{X: one.Extra, Y: float64(one.Regret)})
	}
	f.Alt = fmt.Sprintf("Scatter plot of the regret of %d selection rules against their extra cost. Beaten by no other at their cost: %s.", len(rules), strings.Join(spoken, ", "))

	f.Caption = "Low and to the left is good. The dashed line joins the rules that none beats for the same cost or less."
	furthest, highest := 0.0, 0.0
	for _, one := range rules {
		furthest, highest = max(furthest, one.Extra), max(highest, reach(one))
	}
	if highest == 0 {
		highest = 1e-3
	}
	if furthest == 0 {
		furthest = 1
	}
	x := chart.Axis{Name: "extra", Title: "extra cost [trainings of one candidate, log scale of 1 + cost]", Max: furthest, Log1p: true, Ticks: costTicks(furthest)}
	p := chart.Panel{Width: 600, Height: 310, X: x, Y: chart.Values("regret", "regret [nats/token]", -0.09*highest, 1.05*highest, 6)} // room for names below 0
	p.Marks = append(p.Marks, line)
	for _, isLAG := range []bool{false, true} { // LAG is drawn last
		of := lagColor(isLAG, chart.Blue)
		bars := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: chart.Faint(of, 0.5), Width: 1.6}}
		points := chart.Mark{Kind: chart.Points, Style: chart.Style{Color: of, Radius: 5.3}}
		for _, one := range rules {
			if one.IsLAG != isLAG {
				continue
			}
			lo, hi := chart.Extent(one.Regrets, 0)
			if len(one.Regrets) > 1 {
				bars.Data = append(bars.Data, chart.Datum{X: one.Extra, Y: lo, X2: one.Extra, Y2: hi})
			}
			points.Data = append(points.Data, chart.Datum{X: one.Extra, Y: float64(one.Regret), Tips: append(tip("rule", one.Rule), tip("picks", one.Choices)...)})
		}
		p.Marks = append(p.Marks, bars, points)
	}
	p.Marks = append(p.Marks, ruleLabels(p, rules, line.Data)...)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}})
}

// costTicks returns 0, 1, 2, 5, 10, ... up to the highest cost, or fractions if
// that is below 2.
func costTicks(highest float64) []chart.Tick {
	if highest < 2 {
		return chart.DecimalTicks(0, highest, 6)
	}
	ticks := []chart.Tick{{At: 0, Label: "0"}}
	for decade := 1.0; decade <= highest; decade *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if v := f * decade; v <= highest {
				ticks = append(ticks, chart.Tick{At: v, Label: fmt.Sprintf("%.0f", v)})
			}
		}
	}
	return ticks
}

// ruleLabels writes the names of rules to the right of their points. Each is
// moved away from points, the line and earlier names. A name far from its point
// is connected to it by a line.
func ruleLabels(p chart.Panel, rules []aggregate.Rule, line []chart.Datum) []chart.Mark {
	const radius, height = 5.3, 15
	at := make([]point, len(rules))
	order := make([]int, len(rules))
	var taken []box
	place := func(x, y float64) point { return point{p.Width * p.X.Place(x), p.Height * p.Y.Place(y)} }
	for i, one := range rules {
		at[i], order[i] = place(one.Extra, float64(one.Regret)), i
		taken = append(taken, around(at[i], radius))
	}
	for i := 1; i < len(line); i++ { // segments are straight even if the axis is not linear
		from, to := place(line[i-1].X, line[i-1].Y), place(line[i].X, line[i].Y)
		for k := range 100 {
			share := float64(k) / 100
			taken = append(taken, around(point{from.x + share*(to.x-from.x), from.y + share*(to.y-from.y)}, 1))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[b].y, at[a].y) })
	leaders := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: chart.Grey, Width: 0.9}}
	labels := []chart.Mark{leaders}
	for _, i := range order {
		one := rules[i]
		free := freePlace(at[i], chart.TextWidth(one.Rule, chart.SizeNote, one.IsLAG), height, 0, p.Height, taken)
		taken = append(taken, free)
		x, y := p.X.Value(free.min.x/p.Width), p.Y.Value((free.min.y+free.max.y)/2/p.Height)
		if middle := (free.min.y + free.max.y) / 2; math.Abs(middle-at[i].y) > height {
			labels[0].Data = append(labels[0].Data, chart.Datum{X: one.Extra, Y: float64(one.Regret), X2: p.X.Value((free.min.x - 2) / p.Width), Y2: y})
		}
		labels = append(labels, written(one.Rule, x, y, chart.Style{Color: lagColor(one.IsLAG, chart.Ink), Bold: one.IsLAG}))
	}
	return labels
}
