package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Claims draws what several studies say of the paper's claims, with a row for each
// study: Spearman's rho with the final loss at initialization and at the lag, with 95%
// intervals, and the regrets of the picks at initialization, at the lag, of the first
// race among the rules, and at random.
func Claims(c *aggregate.Comparison) Figure {
	f := Figure{Name: "claims", Title: "Does the loss at initialization mislead? " + plain.Count(len(c.Studies), "study")}
	if len(c.Studies) == 0 {
		return noData(f.Name, f.Title, "there is no study")
	}
	f.Caption = "Above, with 95% intervals: the loss at initialization misleads where it is far left of the loss at the lag. Last: the further left, the better the pick."
	initStyle, lagStyle := claimKinds[0].style, claimKinds[1].style
	rows := [][]chart.Panel{
		{rhoRows(c, "Rank correlation of the loss at initialization with the final loss", initStyle, func(aggregate.Compared) int { return 0 })},
		{rhoRows(c, "At the lag: of the loss there with the final loss", lagStyle, func(s aggregate.Compared) int { return s.Lag })},
		{regretRows(c)},
	}
	var legend chart.Legend
	for _, kind := range claimKinds {
		legend.Entries = append(legend.Entries, chart.Entry{Label: kind.label, Kind: chart.Points, Style: kind.style})
	}
	f.Alt = spokenClaims(c)
	return render(f, chart.Chart{Rows: rows, Legend: legend})
}

// claimKinds are the picks whose regrets are drawn, by the rule.
var claimKinds = []struct {
	label string
	is    func(aggregate.Rule) bool
	style chart.Style
}{
	{"loss at initialization", func(r aggregate.Rule) bool { return r.Rule == result.RuleLossAtInit }, chart.Style{Color: chart.Vermillion, Shape: chart.Square, Radius: 5}},
	{"loss at the lag", func(r aggregate.Rule) bool { return r.Own }, chart.Style{Color: chart.Blue, Radius: 5.5}},
	{"race", func(r aggregate.Rule) bool { return strings.HasPrefix(r.Rule, "race:") }, chart.Style{Color: chart.Purple, Shape: chart.Diamond, Radius: 5}},
	{"random pick", func(r aggregate.Rule) bool { return r.Rule == result.RuleRandom }, chart.Style{Color: chart.Grey, Shape: chart.Cross, Radius: 4.5}},
}

// claimRule returns the first rule of a kind.
func claimRule(s aggregate.Compared, is func(aggregate.Rule) bool) (aggregate.Rule, bool) {
	if i := slices.IndexFunc(s.Rules, is); i >= 0 {
		return s.Rules[i], true
	}
	return aggregate.Rule{}, false
}

// correlationAt returns the correlation of a study at a step, and whether it has one.
func correlationAt(s aggregate.Compared, step int) (result.Correlation, bool) {
	for _, one := range s.Correlation {
		if one.Step == step && finite(float64(one.Spearman)) {
			return one, true
		}
	}
	return result.Correlation{}, false
}

// rhoRows draws rho at a step of each study, with its interval.
func rhoRows(c *aggregate.Comparison, title string, style chart.Style, step func(aggregate.Compared) int) chart.Panel {
	lowest := 0.0
	for _, s := range c.Studies {
		for _, at := range []int{0, s.Lag} { // the same axis in both panels
			if one, ok := correlationAt(s, at); ok {
				for _, rho := range []result.Number{one.Spearman, one.SpearmanLo} {
					if finite(float64(rho)) {
						lowest = min(lowest, float64(rho))
					}
				}
			}
		}
	}
	intervals := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: chart.LightGrey, Width: 2.6}}
	points := chart.Mark{Kind: chart.Points, Style: style}
	var rows []row
	for i, s := range c.Studies {
		line, y := row{name: nameOf(s), note: "–"}, float64(i)
		if one, ok := correlationAt(s, step(s)); ok {
			line.note = formatRho(float64(one.Spearman))
			points.Data = append(points.Data, chart.Datum{X: float64(one.Spearman), Y: y, Tips: tip("step", int64(one.Step))})
			if lo, hi := float64(one.SpearmanLo), float64(one.SpearmanHi); finite(lo) && finite(hi) {
				intervals.Data = append(intervals.Data, chart.Datum{X: lo, Y: y, X2: hi, Y2: y})
			}
		}
		rows = append(rows, line)
	}
	p := rowPanel("study", rows, chart.Values("rho", "Spearman's ρ", max(-1, lowest-0.04), 1, 9))
	p.Title = title
	for _, m := range []chart.Mark{intervals, points} {
		if len(m.Data) > 0 {
			p.Marks = append(p.Marks, m)
		}
	}
	return p
}

// regretRows draws the regrets of picks of each study.
func regretRows(c *aggregate.Comparison) chart.Panel {
	highest := 0.0
	var rows []row
	marks := make([]chart.Mark, len(claimKinds))
	for k, kind := range claimKinds {
		marks[k] = chart.Mark{Kind: chart.Points, Style: kind.style}
	}
	for i, s := range c.Studies {
		rows = append(rows, row{name: nameOf(s)})
		for k, kind := range claimKinds {
			if r, ok := claimRule(s, kind.is); ok && !math.IsNaN(float64(r.Regret)) {
				if finite(float64(r.Regret)) {
					highest = max(highest, float64(r.Regret))
				} else {
					rows[i].note = "diverged" // a pick, which is drawn at the edge
				}
				marks[k].Data = append(marks[k].Data, chart.Datum{X: float64(r.Regret), Y: float64(i), Tips: append(tip("rule", r.Rule), tip("picks", r.Choices)...)})
			}
		}
	}
	if highest == 0 {
		highest = 1e-3
	}
	x := chart.Values("regret", "regret [nats/token]", -0.02*highest, 1.03*highest, 6)
	for k := range marks {
		for i := range marks[k].Data {
			marks[k].Data[i].X = min(marks[k].Data[i].X, x.Max)
		}
	}
	p := rowPanel("study", rows, x)
	p.Title = "What the picks cost: regret"
	for k := len(marks) - 1; k >= 0; k-- { // LAG above random
		if len(marks[k].Data) > 0 {
			p.Marks = append(p.Marks, marks[k])
		}
	}
	return p
}

// spokenClaims describes the claims for readers who cannot see them.
func spokenClaims(c *aggregate.Comparison) string {
	var parts []string
	for _, s := range c.Studies {
		text := fmt.Sprintf("%s: rho %s at initialization and %s at the lag of %s", s.Name, formatRho(s.AtInit), formatRho(s.AtLag), plain.Count(s.Lag, "step"))
		for _, kind := range claimKinds {
			if r, ok := claimRule(s, kind.is); ok && finite(float64(r.Regret)) {
				text += fmt.Sprintf(", regret by %s %.4f", kind.label, float64(r.Regret))
			}
		}
		parts = append(parts, text)
	}
	return "For each study, rho at initialization and at the lag, and the regrets of picks. " + strings.Join(parts, ". ") + "."
}
