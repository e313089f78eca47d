package figure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Downstream draws, for each task that was measured of a study's models, the final loss
// of every strategy against its score, with the score of the source and that of chance
// where they are near.
// Rho is 1 if the order by final loss is that by score. With several seeds the points are
// means, with bars from the lowest to the highest.
func Downstream(r *result.Study, d *result.Downstream) Figure {
	f := Figure{Name: "downstream", Title: "Does the order by final loss hold on other tasks?" + seedsInTitle(len(r.Seeds))}
	all := aggregate.Strategies(r)
	var tasks []aggregate.Downstream
	if d != nil {
		tasks = slices.DeleteFunc(aggregate.DownstreamTasks(r, d), func(t aggregate.Downstream) bool { return t.Measured == 0 })
	}
	if len(tasks) == 0 {
		return noData(f.Name, f.Title, "no strategy was measured on another task")
	}
	columns := min(len(tasks), 3)
	if len(tasks) == 4 {
		columns = 2
	}
	because := roles(all)
	drawn := make(map[string]bool) // labels of the levels
	var spoken []string
	var rows [][]chart.Panel
	for i, t := range tasks {
		if i%columns == 0 {
			rows = append(rows, nil)
		}
		spoken = append(spoken, t.Name+" "+t.Agreement())
		panel, levels := downstreamPanel(all, because, t)
		rows[len(rows)-1] = append(rows[len(rows)-1], panel)
		for _, l := range levels {
			drawn[l.label] = true
		}
	}
	f.Caption = "Each point is a strategy. ρ is 1 if the strategies are in one order by final loss and in the task: then points fall to the right, or rise if the task's score is a loss. Noise: the task does not tell the strategies apart."
	f.Alt = fmt.Sprintf("Scatter plots of the final loss against the score in %s, a point for each strategy. Spearman's rho is: %s.", plain.Count(len(tasks), "task"), strings.Join(spoken, ", "))
	legend := scatterLegend(all, because)
	legend.Entries = slices.DeleteFunc(legend.Entries, func(e chart.Entry) bool { return e.Label == "did not finish" }) // such have no score
	for _, l := range []level{sourceLevel, chanceLevel} {
		if drawn[l.label] {
			legend.Entries = append(legend.Entries, chart.Entry{Label: l.label, Kind: chart.Line, Style: l.style})
		}
	}
	return render(f, chart.Chart{Rows: rows, Legend: legend})
}

// A level is a score with which the strategies are compared.
type level struct {
	label string
	style chart.Style
	at    float64
}

var (
	sourceLevel = level{label: "source", style: chart.Style{Color: chart.Ink, Width: 1.2, Dash: chart.Dotted}}
	chanceLevel = level{label: "always the most frequent class", style: chart.Style{Color: chart.Grey, Width: 1.2, Dash: chart.Dashed}}
)

// nearLevels returns the levels of a task that are near the scores of the strategies:
// others would leave these no room.
func nearLevels(t aggregate.Downstream, scores []float64) (near []level) {
	bottom, top := chart.Extent(scores, 0)
	source, chance := sourceLevel, chanceLevel
	source.at, chance.at = t.Source, float64(t.Baseline)
	for _, l := range []level{source, chance} {
		if finite(l.at) && l.at > bottom-(top-bottom) && l.at < top+(top-bottom) {
			near = append(near, l)
		}
	}
	return near
}

// downstreamPanel draws a task, with the levels that it returns.
func downstreamPanel(all []*aggregate.Strategy, because map[int]string, t aggregate.Downstream) (chart.Panel, []level) {
	unit := map[result.Measure]string{
		result.MeasureLoss: "loss [nats/token]", result.MeasurePredicted: "share of tokens predicted",
		result.MeasureAccuracy: "accuracy", result.MeasureMatthews: "Matthews' correlation",
	}[t.Measure]
	x, y := make([]float64, len(all)), make([]float64, len(all))
	var finals, scores []float64
	for i, s := range all {
		x[i], y[i] = s.Final, t.Mean[i]
		if finite(x[i]) && finite(y[i]) {
			finals, scores = append(finals, x[i]), append(scores, t.Lo[i], t.Hi[i])
		}
	}
	levels := nearLevels(t, scores)
	for _, l := range levels {
		scores = append(scores, l.at)
	}
	lo, hi := chart.Extent(finals, 0.06)
	bottom, top := chart.Extent(scores, 0.1)
	p := chart.Panel{Title: fmt.Sprintf("%s: ρ = %s", chart.Shorten(t.Name, 12, false, 130), formatRho(t.Rho)), Width: 245, Height: 200,
		X: chart.Values("final", finalTitle, lo, hi, 4), Y: chart.Values("score", unit, bottom, top, 5)}
	if t.IsNoise() {
		p.Title += ", noise"
	} else if finite(t.RhoLo) {
		p.Title += fmt.Sprintf(" (%s to %s)", formatRho(t.RhoLo), formatRho(t.RhoHi))
	}
	if t.Partial() {
		p.Title += fmt.Sprintf(", %d of %d", t.Measured, t.Ended)
	}
	for _, l := range levels {
		p.Marks = append(p.Marks, across(p.X, l.at, l.style))
	}
	bars := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: otherLine.Color, Width: 1.1}}
	points := chart.Mark{Kind: chart.Points, Style: otherPoint}
	best, picks := chart.Mark{Kind: chart.Points, Style: bestStyle}, chart.Mark{Kind: chart.Points, Style: pickStyle}
	var highlighted []chart.Mark
	for i, s := range all {
		if !finite(x[i]) || !finite(y[i]) {
			continue
		}
		one := chart.Datum{X: x[i], Y: y[i], Tips: append(tip("strategy", s.Name), chart.Tip{Name: "score", Value: t.Mean[i]})}
		if s.Seeds() > 1 {
			bars.Data = append(bars.Data, chart.Datum{X: x[i], Y: t.Lo[i], X2: x[i], Y2: t.Hi[i]},
				chart.Datum{X: slices.Min(s.Finals), Y: y[i], X2: slices.Max(s.Finals), Y2: y[i]})
		}
		if because[i] == "" {
			points.Data = append(points.Data, one)
		} else {
			highlighted = append(highlighted, chart.Mark{Kind: chart.Points, Style: strategyPoint(s.Place, 4.6), Data: []chart.Datum{one}})
		}
		if i == 0 {
			best.Data = append(best.Data, one)
		}
		if s.Picked > 0 {
			picks.Data = append(picks.Data, one)
		}
	}
	slices.Reverse(highlighted) // the best is drawn last
	p.Marks = append(p.Marks, bars, points)
	p.Marks = append(p.Marks, highlighted...)
	p.Marks = append(p.Marks, best, picks)
	p.Marks = append(p.Marks, scatterLabels(p, all, because, x, y)...)
	return p, levels
}
