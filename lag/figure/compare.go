package figure

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Compare draws several studies side by side: Spearman's correlation of the loss at
// a step with the final loss, the regret of the rules against their extra cost, and
// the lag times beside the lags at which LAG picks. If the studies differ in their
// steps, the axis is the share of the training after growing.
func Compare(c *aggregate.Comparison) Figure {
	f := Figure{Name: "comparison", Title: "One study"}
	if n := len(c.Studies); n != 1 {
		f.Title = fmt.Sprintf("%d studies side by side", n)
	}
	if len(c.Studies) == 0 {
		return noData(f.Name, f.Title, "there is no study")
	}
	f.Caption = "Left: the sooner a curve comes to stay above the dotted line, the sooner losses say how strategies end. Right: lower is a better pick, further left a cheaper one; rings at the upper edge lie above it. Below: from the dot on, the ranking is nearly the final one; the bar is where LAG picks."
	var legend chart.Legend
	for i, s := range c.Studies {
		style := chart.SeriesStyle(i)
		legend.Entries = append(legend.Entries, chart.Entry{Label: nameOf(s), Series: s.Name, Kind: chart.Line, Style: chart.Style{Color: style.Color, Dash: style.Dash, Width: 2.6}})
	}
	for _, kind := range ruleKinds {
		legend.Entries = append(legend.Entries, chart.Entry{Label: kind.label, Kind: chart.Points, Style: kind.style(chart.Grey)})
	}
	rows := [][]chart.Panel{{correlations(c), costs(c)}, {lagTimes(c)}}
	f.Alt = spokenComparison(c)
	return render(f, chart.Chart{Rows: rows, Legend: legend, Series: "study", Choose: true})
}

// nameOf returns a study's name, no longer than there is room for.
func nameOf(s aggregate.Compared) string { return chart.Shorten(s.Name, chart.SizeNote, false, 260) }

// spokenComparison describes a comparison for readers who cannot see it.
func spokenComparison(c *aggregate.Comparison) string {
	var parts []string
	for _, s := range c.Studies {
		text := fmt.Sprintf("%s: rho %s at initialization and %s at the lag of %d of %d steps", s.Name, formatRho(s.AtInit), formatRho(s.AtLag), s.Lag, s.Steps)
		if s.LagTime != nil {
			text += fmt.Sprintf(", 0.9 or above from step %d on", *s.LagTime)
		} else {
			text += ", never settled at 0.9"
		}
		parts = append(parts, text)
	}
	return "Correlation curves, regrets against costs, and lag times. " + strings.Join(parts, ". ") + "."
}

// trainingAxis returns the axis of steps, or of shares of the training in percent.
func trainingAxis(c *aggregate.Comparison) chart.Axis {
	if c.ByShare {
		return chart.Steps("percent", "share of the training after growing [%, log scale]", 100)
	}
	last := 0
	for _, s := range c.Studies {
		last = max(last, s.Steps)
	}
	return chart.Steps("step", stepTitle, last)
}

// at returns the place of a step on that axis.
func at(c *aggregate.Comparison, s aggregate.Compared, step int) float64 {
	if c.ByShare {
		return 100 * c.At(s, step)
	}
	return float64(step)
}

// correlations draws the correlation curve of each study.
func correlations(c *aggregate.Comparison) chart.Panel {
	p := chart.Panel{Title: "Correlation with the final loss", Width: 430, Height: 300, X: trainingAxis(c)}
	lowest := 0.04
	var lines []chart.Mark
	for i, s := range c.Studies {
		style := chart.SeriesStyle(i)
		line := chart.Mark{Kind: chart.Line, Series: s.Name, Style: chart.Style{Color: style.Color, Dash: style.Dash, Width: 2.6, Radius: 2.6}}
		for _, one := range s.Correlation {
			if rho := float64(one.Spearman); finite(rho) {
				line.Data = append(line.Data, chart.Datum{X: at(c, s, one.Step), Y: rho, Tips: tip("steps", int64(one.Step))})
				lowest = min(lowest, rho)
			}
		}
		if len(line.Data) > 0 {
			lines = append(lines, line)
		}
	}
	p.Y = chart.Values("rho", "Spearman's ρ", max(-1, lowest-0.04), 1, 9)
	p.Marks = append([]chart.Mark{
		across(p.X, 0, chart.Style{Color: chart.Grey, Width: 1.2}),
		across(p.X, result.LagThreshold, chart.Style{Color: chart.Grey, Width: 1.3, Dash: chart.Dotted}),
	}, lines...)
	return p
}

// ruleKind is a mark for rules of a kind.
type ruleKind struct {
	label  string
	is     func(aggregate.Rule) bool
	shape  chart.Shape
	radius float64
}

func (k ruleKind) style(of color.NRGBA) chart.Style {
	return chart.Style{Color: of, Shape: k.shape, Radius: k.radius}
}

// ruleKinds are tried in this order.
var ruleKinds = []ruleKind{
	{"LAG", func(r aggregate.Rule) bool { return r.IsLAG }, chart.Circle, 6},
	{"loss at initialization", func(r aggregate.Rule) bool { return r.Rule == result.RuleLossAtInit }, chart.Square, 5},
	{"random pick", func(r aggregate.Rule) bool { return r.Rule == result.RuleRandom }, chart.Cross, 4.5},
	{"another rule", func(aggregate.Rule) bool { return true }, chart.Ring, 3.2},
}

// costs draws the rules of each study, with a line through those that no other rule
// of the study beats at the same or lower cost. Other rules that lose more than LAG, the
// loss at initialization and a random pick in any study are drawn at the upper edge.
func costs(c *aggregate.Comparison) chart.Panel {
	furthest, highest := 0.0, highestNamed(c)
	var lines, points []chart.Mark
	for i, s := range c.Studies {
		style := chart.SeriesStyle(i)
		rules := slices.DeleteFunc(slices.Clone(s.Rules), func(one aggregate.Rule) bool { return !finite(float64(one.Regret)) || !finite(one.Extra) })
		line := chart.Mark{Kind: chart.Line, Series: s.Name, Loose: true, Style: chart.Style{Color: style.Color, Dash: style.Dash, Width: 1.5}}
		for _, one := range aggregate.Front(rules) {
			line.Data = append(line.Data, chart.Datum{X: one.Extra, Y: min(float64(one.Regret), highest)})
		}
		marks := make([]chart.Mark, len(ruleKinds))
		for k, kind := range ruleKinds {
			marks[k] = chart.Mark{Kind: chart.Points, Series: s.Name, Style: kind.style(style.Color)}
		}
		for _, one := range rules {
			furthest = max(furthest, one.Extra)
			tips := append(tip("rule", one.Rule), tip("picks", one.Choices)...)
			if float64(one.Regret) > highest {
				tips = append(tips, tip("its regret", float64(one.Regret))...)
			}
			k := slices.IndexFunc(ruleKinds, func(kind ruleKind) bool { return kind.is(one) })
			marks[k].Data = append(marks[k].Data, chart.Datum{X: one.Extra, Y: min(float64(one.Regret), highest), Tips: tips})
		}
		if len(line.Data) > 1 {
			lines = append(lines, line)
		}
		slices.Reverse(marks) // LAG is drawn last
		points = append(points, marks...)
	}
	if furthest == 0 {
		furthest = 1
	}
	return chart.Panel{
		Title: "What a lower regret costs", Width: 430, Height: 300,
		X:     chart.Axis{Name: "extra", Title: "extra cost [trainings of one candidate, log scale]", Max: furthest, Log1p: true, Ticks: costTicks(furthest)},
		Y:     chart.Values("regret", "regret [nats/token]", -0.03*highest, 1.05*highest, 6),
		Marks: slices.DeleteFunc(append(lines, points...), func(m chart.Mark) bool { return len(m.Data) == 0 }),
	}
}

// highestNamed returns the upper end of the axis of regrets: the highest of the rules
// that have a mark of their own, or of all if those lose nothing.
func highestNamed(c *aggregate.Comparison) float64 {
	named, all := 0.0, 0.0
	for _, s := range c.Studies {
		for _, one := range s.Rules {
			regret := float64(one.Regret)
			if !finite(regret) || !finite(one.Extra) {
				continue
			}
			all = max(all, regret)
			if slices.IndexFunc(ruleKinds, func(kind ruleKind) bool { return kind.is(one) }) < len(ruleKinds)-1 {
				named = max(named, regret)
			}
		}
	}
	switch {
	case named > 0:
		return named
	case all > 0:
		return all
	}
	return 1e-3
}

// lagTimes draws the lag time of each study and the lag at which LAG picks.
func lagTimes(c *aggregate.Comparison) chart.Panel {
	x := trainingAxis(c)
	var rows []row
	marks := []chart.Mark{
		{Kind: chart.Ticks, Style: chart.Style{Color: chart.Grey, Width: 2.4, Share: 0.62}}, // the lag
	}
	for i, s := range c.Studies {
		y := float64(i)
		one := row{name: nameOf(s), note: "never"}
		marks[0].Data = append(marks[0].Data, chart.Datum{X: min(at(c, s, s.Lag), x.Max), Y: y, Tips: tip("LAG picks at step", int64(s.Lag))})
		if s.LagTime != nil {
			one.note = fmt.Sprintf("%d of %d", *s.LagTime, s.Steps)
			style := chart.SeriesStyle(i)
			marks = append(marks, chart.Mark{
				Kind: chart.Points, Series: s.Name, Style: chart.Style{Color: style.Color, Radius: 5.5},
				Data: []chart.Datum{{X: at(c, s, *s.LagTime), Y: y, Tips: tip("lag time in steps", int64(*s.LagTime))}},
			})
		}
		rows = append(rows, one)
	}
	p := rowPanel("of", rows, x)
	p.Title = "Lag times in steps (dots), and where LAG picks (bars)"
	p.Marks = append(p.Marks, marks...)
	return p
}
