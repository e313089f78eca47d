package figure

import (
	"fmt"
	"math"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// CorrelationCurve draws the correlation of the loss at each step with the
// final loss: Spearman's rho with its confidence interval, Pearson's r and
// Kendall's tau-b. One line marks the lag time, the first step from which rho
// stays at 0.9 or above; another marks the step after which LAG picked. With
// several seeds the correlations are means over the seeds.
func CorrelationCurve(r *result.Study) Figure {
	f := Figure{Name: "correlation-curve", Title: "Correlation of the loss at a step with the final loss" + underSeeds(len(r.Seeds))}
	var interval, spearman, pearson, kendall []chart.Datum
	last, lowest := 0, 0.04
	for _, c := range r.Correlation {
		last = max(last, c.Step)
		add := func(to *[]chart.Datum, y, y2 result.Number) {
			if finite(float64(y)) && finite(float64(y2)) {
				*to = append(*to, chart.Datum{X: float64(c.Step), Y: float64(y), Y2: float64(y2)})
				lowest = min(lowest, float64(y))
			}
		}
		add(&interval, c.SpearmanLo, c.SpearmanHi)
		add(&spearman, c.Spearman, 0)
		add(&pearson, c.Pearson, 0)
		add(&kendall, c.Kendall, 0)
	}
	if len(spearman)+len(pearson)+len(kendall) == 0 {
		return noData(f.Name, f.Title, "no correlation is defined")
	}
	f.Alt = "Line chart of the rank correlation against training steps" + underSeeds(len(r.Seeds))
	if n := len(spearman); n > 0 {
		f.Alt += fmt.Sprintf(", from %s at step %.0f to %s at step %.0f",
			formatRho(spearman[0].Y), spearman[0].X, formatRho(spearman[n-1].Y), spearman[n-1].X)
	}

	f.Caption = "The sooner the blue line stays above the dotted one, the sooner the losses tell how strategies end"
	if r.LagTime != nil {
		f.Caption += fmt.Sprintf(": here from step %d on", *r.LagTime)
	}
	f.Caption += "."
	p := chart.Panel{Width: 540, Height: 320,
		X: chart.Steps("step", stepTitle, last),
		Y: chart.Values("correlation", "correlation with the final loss", max(-1, lowest-0.04), 1, 9),
	}
	var legend chart.Legend
	add := func(label string, m chart.Mark) {
		if m.Kind != chart.Segments {
			m.Series = label
		}
		entry := chart.Entry{Label: label, Kind: m.Kind, Style: m.Style}
		if m.Kind == chart.Segments {
			entry.Kind = chart.Line
		}
		p.Marks, legend.Entries = append(p.Marks, m), append(legend.Entries, entry)
	}
	p.Marks = append(p.Marks, across(p.X, 0, chart.Style{Color: chart.Grey, Width: 1.2}))
	if len(interval) > 1 {
		add("95% interval of ρ", chart.Mark{Kind: chart.Area, Style: chart.Style{Color: chart.Faint(chart.Blue, 0.19)}, Data: interval})
	}
	add("Kendall's τ-b", chart.Mark{Kind: chart.Line, Style: chart.Style{Color: chart.Green, Width: 2, Dash: chart.DashDot}, Data: kendall})
	add("Pearson's r", chart.Mark{Kind: chart.Line, Style: chart.Style{Color: chart.Purple, Width: 2, Dash: chart.Dashed}, Data: pearson})
	add("Spearman's ρ", chart.Mark{Kind: chart.Line, Style: chart.Style{Color: chart.Blue, Width: 3.2, Radius: 3.5}, Data: spearman})
	add(fmt.Sprintf("ρ = %v", result.LagThreshold), across(p.X, result.LagThreshold, chart.Style{Color: chart.Ink, Width: 1.3, Dash: chart.Dotted}))
	if r.LagTime != nil {
		f.Alt += fmt.Sprintf("; Spearman's rho stays at 0.9 or above from step %d on.", *r.LagTime)
		add("lag time: "+plain.Count(*r.LagTime, "step"), upright(p.Y, float64(*r.LagTime), chart.Style{Color: chart.Ink, Width: 2}))
	} else {
		f.Alt += "; Spearman's rho never stays at 0.9 or above."
	}
	if r.Lag > 0 {
		add(fmt.Sprintf("LAG picks at %d", r.Lag), upright(p.Y, math.Min(float64(r.Lag), p.X.Max), chart.Style{Color: chart.Vermillion, Width: 1.8, Dash: chart.Dashed}))
	}
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend, Series: "measure"})
}
