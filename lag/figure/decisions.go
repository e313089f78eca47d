package figure

import (
	"context"
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Decisions draws the accuracy of decisions between two strategies against the
// cost of probing until the step at which they are made: what LAG with that lag
// costs, in trainings of one candidate to the end, on a logarithmic scale of 1 +
// cost. One line is of all pairs, with its 95% interval; another of the pairs
// that clearly differ at the end, see [aggregate.ClearDifference]. The dotted
// line is a coin. The steps are written below the first line.
func Decisions(r *result.Study) Figure {
	f := Figure{Name: "decision-accuracy", Title: "Accuracy of decisions between two strategies" + underSeeds(len(r.Seeds))}
	list, err := aggregate.Foresights(context.Background(), r)
	if err != nil {
		return Figure{Name: f.Name, Title: f.Title, Err: fmt.Errorf("figure %s: %w", f.Name, err)}
	}
	var interval, all, clearly []chart.Datum
	furthest, lowest := 0.0, 0.5
	lag := math.NaN()
	for _, one := range list {
		x, d := one.LAG.Extra, one.Decisions
		if !finite(x) || !finite(d.Accuracy) {
			continue
		}
		furthest = max(furthest, x)
		if one.Step == r.Lag {
			lag = x
		}
		tips := append(tip("step", one.Step), tip("pairs", d.Pairs)...)
		all, lowest = append(all, chart.Datum{X: x, Y: d.Accuracy, Tips: tips}), min(lowest, d.Accuracy)
		if finite(d.Interval.Lo) && finite(d.Interval.Hi) {
			interval, lowest = append(interval, chart.Datum{X: x, Y: d.Interval.Lo, Y2: d.Interval.Hi}), min(lowest, d.Interval.Lo)
		}
		if c := one.Clear; finite(c.Accuracy) {
			tips := append(tip("step", one.Step), tip("pairs that clearly differ", c.Pairs)...)
			clearly, lowest = append(clearly, chart.Datum{X: x, Y: c.Accuracy, Tips: tips}), min(lowest, c.Accuracy)
		}
	}
	if len(all) == 0 {
		return noData(f.Name, f.Title, "no two strategies differ at the end, or nothing is known of the cost")
	}
	if furthest == 0 {
		furthest = 1
	}
	f.Alt = fmt.Sprintf("Line chart of the share of pairs of strategies that the losses order as at the end, from %.2f at no cost to %.2f at %.2f trainings.", all[0].Y, all[len(all)-1].Y, all[len(all)-1].X)
	f.Caption = "For how many pairs is the lower loss so far the lower one at the end? Where the lines stop rising, probing longer tells no more."

	x := chart.Axis{Name: "extra", Title: "cost of probing [trainings of one candidate, log scale of 1 + cost]", Max: furthest, Log1p: true, Ticks: costTicks(furthest)}
	p := chart.Panel{Width: 540, Height: 320, X: x, Y: chart.Values("share", "share of pairs as at the end", max(0, lowest-0.08), 1.02, 8)}
	var legend chart.Legend
	add := func(label string, kind chart.Kind, m chart.Mark) {
		if m.Kind != chart.Segments {
			m.Series = label
		}
		p.Marks, legend.Entries = append(p.Marks, m), append(legend.Entries, chart.Entry{Label: label, Kind: kind, Style: m.Style})
	}
	if len(interval) > 1 {
		add("95% interval", chart.Area, chart.Mark{Kind: chart.Area, Style: chart.Style{Color: chart.Faint(chart.Blue, 0.19)}, Data: interval})
	}
	if len(clearly) > 0 {
		add("pairs that clearly differ", chart.Line, chart.Mark{Kind: chart.Line, Style: chart.Style{Color: chart.Green, Width: 2, Dash: chart.Dashed, Radius: 3}, Data: clearly})
	}
	add("all pairs", chart.Line, chart.Mark{Kind: chart.Line, Style: chart.Style{Color: chart.Blue, Width: 3.2, Radius: 3.5}, Data: all})
	add("a coin", chart.Line, across(p.X, 0.5, chart.Style{Color: chart.Ink, Width: 1.3, Dash: chart.Dotted}))
	if finite(lag) {
		add(fmt.Sprintf("LAG picks at %d", r.Lag), chart.Line, upright(p.Y, lag, chart.Style{Color: chart.Vermillion, Width: 1.8, Dash: chart.Dashed}))
	}
	p.Marks = append(p.Marks, stepNames(p, list, r.Lag)...)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend, Series: "pairs"})
}

// stepNames writes steps along the lower edge, at what probing until them costs,
// as many as there is room for, the late ones first. That of the lag has its own
// line, on which nothing is written.
func stepNames(p chart.Panel, list []aggregate.Foresight, lag int) []chart.Mark {
	const gap, up = 9, 10 // pixels between two names, and above the axis
	line := math.NaN()
	for _, one := range list {
		if one.Step == lag {
			line = p.Width * p.X.Place(one.LAG.Extra)
		}
	}
	marks := []chart.Mark{}
	free := p.Width // left end of the last name
	for i := len(list) - 1; i >= 0; i-- {
		one := list[i]
		text := fmt.Sprint(one.Step)
		if i == len(list)-1 {
			text = "step " + text
		}
		width := chart.TextWidth(text, chart.SizeNote, false)
		left := min(p.Width*p.X.Place(one.LAG.Extra)-width/2, p.Width-width)
		if !finite(one.LAG.Extra) || left+width > free || left < gap || left-gap/2 < line && line < left+width+gap/2 {
			continue
		}
		marks = append(marks, written(text, p.X.Value(left/p.Width), p.Y.Value(up/p.Height), chart.Style{Color: chart.Grey}))
		free = left - gap
	}
	return marks
}
