package figure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// EarlyVsFinal draws, for each of the steps, the loss of every strategy at that
// step against its final loss, with the least-squares line and Spearman's rho.
// LAG's pick, the pick of the loss at initialization, the best and the worst
// strategy have their colors and shapes, and names where there is room; the
// others are grey. Strategies that stopped have no
// final loss and are at the upper edge; they are in its corner if their loss at
// the step is beyond the others'. A step without an evaluation is replaced by
// the nearest one with an evaluation. Without steps, six are chosen between 0
// and the end. With several seeds the points are means, with bars from the
// lowest to the highest, and rho is the mean over the seeds.
func EarlyVsFinal(r *result.Study, steps ...int) Figure {
	f := Figure{Name: "early-vs-final", Title: "Does an early loss predict the final one?" + seedsInTitle(len(r.Seeds))}
	all := aggregate.Strategies(r)
	evaluated := aggregate.Steps(all)
	if len(evaluated) < 2 {
		return noData(f.Name, f.Title, "fewer than two evaluations")
	}
	if len(steps) == 0 {
		steps = []int{0, r.Lag / 10, r.Lag / 2, r.Lag, (r.Steps + r.Lag) / 2, r.Steps}
		if r.Lag <= 0 {
			steps = []int{0, r.Steps / 20, r.Steps / 10, r.Steps / 4, r.Steps / 2, r.Steps}
		}
	}
	chosen := make([]int, len(steps))
	for i, s := range steps {
		chosen[i] = nearest(evaluated, s)
	}
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)

	columns := min(len(chosen), 3)
	if len(chosen) == 4 {
		columns = 2
	}
	because := roles(all)
	var spoken []string
	var rows [][]chart.Panel
	for i, step := range chosen {
		if i%columns == 0 {
			rows = append(rows, nil)
		}
		spoken = append(spoken, fmt.Sprintf("%s at step %d", formatRho(rhoAt(r, all, step)), step))
		panel := scatterPanel(r, all, because, step, rhoAt(r, all, step))
		if i%columns > 0 {
			panel.Y.Title = ""
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], panel)
	}
	f.Caption = "Each point is a strategy. The closer the points lie to a rising line, the better the loss at that step predicts the end."
	if r.FinalEvaluations > 1 {
		f.Caption += " The final loss is " + r.FinalInWords() + "."
	}
	f.Alt = fmt.Sprintf("Scatter plots of the loss at a step against the final loss, a point for each of %d strategies. Spearman's rho is %s.",
		len(all), strings.Join(spoken, ", "))
	return render(f, chart.Chart{Rows: rows, Legend: scatterLegend(all, because)})
}

// nearest returns the element of sorted steps that is closest to a step.
func nearest(steps []int, step int) int {
	return slices.MinFunc(steps, func(a, b int) int { return abs(a-step) - abs(b-step) })
}

func abs(x int) int { return max(x, -x) }

// rhoAt returns the correlation at a step from the result, so that the figure
// agrees with the table.
func rhoAt(r *result.Study, all []*aggregate.Strategy, step int) float64 {
	for _, c := range r.Correlation {
		if c.Step == step {
			return float64(c.Spearman)
		}
	}
	return stats.Spearman(early(r, all, step))
}

// early returns the loss of every strategy at a step and the final one. The loss at
// the last step is the final one.
func early(r *result.Study, all []*aggregate.Strategy, step int) (x, y []float64) {
	for _, s := range all {
		at := s.At(step)
		if step == r.Steps && r.FinalEvaluations > 1 && !s.Stopped() {
			at = s.Final
		}
		x, y = append(x, at), append(y, s.Final)
	}
	return x, y
}

var (
	bestStyle = chart.Style{Color: chart.Ink, Shape: chart.OpenSquare, Radius: 8, Width: 1.3}
	pickStyle = chart.Style{Color: chart.Vermillion, Shape: chart.Ring, Radius: 7, Width: 2.2}
)

func scatterPanel(r *result.Study, all []*aggregate.Strategy, because map[int]string, step int, rho float64) chart.Panel {
	x, y := early(r, all, step)
	var finite2, finals []float64 // x of the points with both coordinates, and y
	for i := range all {
		if finite(x[i]) && finite(y[i]) {
			finite2 = append(finite2, x[i])
		}
		finals = append(finals, y[i])
	}
	lo, hi := chart.Extent(finite2, 0.06)
	bottom, top := chart.Extent(finals, 0.08)
	p := chart.Panel{Title: fmt.Sprintf("step %d: ρ = %s", step, formatRho(rho)), Width: 245, Height: 200,
		X: chart.Values("early", fmt.Sprintf("loss at step %d", step), lo, hi, 4), Y: chart.Values("final", finalTitle, bottom, top, 5)}
	if step == r.Steps && r.FinalEvaluations > 1 {
		p.X.Title = "final loss"
	}

	fit := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: chart.Grey, Width: 1.3, Dash: chart.Dashed}}
	if a, b := stats.LinearFit(x, y); finite(a) && finite(b) {
		from, to := chart.Extent(finite2, 0)
		fit.Data = []chart.Datum{{X: from, Y: a + b*from, X2: to, Y2: a + b*to}}
	}
	bars := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: otherLine.Color, Width: 1.1}}
	lost := chart.Mark{Kind: chart.Points, Style: stoppedPoint, Loose: true}
	points := chart.Mark{Kind: chart.Points, Style: otherPoint}
	best, picks := chart.Mark{Kind: chart.Points, Style: bestStyle}, chart.Mark{Kind: chart.Points, Style: pickStyle}
	var highlighted []chart.Mark
	for i, s := range all {
		d := chart.Datum{X: x[i], Y: y[i], Tips: tip("strategy", s.Name)}
		switch {
		case finite(x[i]) && finite(y[i]):
			if because[i] == "" {
				points.Data = append(points.Data, d)
			} else {
				highlighted = append(highlighted, chart.Mark{Kind: chart.Points, Style: strategyPoint(s.Place, 4.6), Data: []chart.Datum{d}})
			}
			if i == 0 {
				best.Data = append(best.Data, d)
			}
			if s.Picked > 0 {
				picks.Data = append(picks.Data, d)
			}
			if k, _ := slices.BinarySearch(s.Steps, step); s.Seeds() > 1 && finite(s.Low[k]) && finite(s.High[k]) {
				bars.Data = append(bars.Data, chart.Datum{X: s.Low[k], Y: y[i], X2: s.High[k], Y2: y[i]}, chart.Datum{X: x[i], Y: slices.Min(s.Finals), X2: x[i], Y2: slices.Max(s.Finals)})
			}
		case finite(x[i]):
			d.X, d.Y, d.Tips = min(max(x[i], lo), p.X.Value(0.98)), p.Y.Value(0.975), append(d.Tips, chart.Tip{Name: "ended", Value: s.Unfinished}, chart.Tip{Name: "loss", Value: x[i]})
			lost.Data = append(lost.Data, d)
		}
	}
	slices.Reverse(highlighted) // the best is drawn last
	p.Marks = append([]chart.Mark{fit, bars, lost, points}, highlighted...)
	p.Marks = append(p.Marks, best, picks)
	p.Marks = append(p.Marks, scatterLabels(p, all, because, x, y)...)
	return p
}

// scatterLabels names the highlighted points, where there is room. The legend
// has the names too.
func scatterLabels(p chart.Panel, all []*aggregate.Strategy, because map[int]string, x, y []float64) []chart.Mark {
	const size, height = 11, 12
	at := func(i int) point { return point{p.Width * p.X.Place(x[i]), p.Height * p.Y.Place(y[i])} }
	var taken []box
	for i := range all {
		if finite(x[i]) && finite(y[i]) {
			radius := 4.0
			if i == 0 || all[i].Picked > 0 {
				radius = 8
			}
			taken = append(taken, around(at(i), radius))
		}
	}
	var labels []chart.Mark
	for i, s := range all {
		if because[i] == "" || !finite(x[i]) || !finite(y[i]) {
			continue
		}
		name := chart.Shorten(s.Name, size, i == pickOf(all), p.Width/2)
		area := box{point{1, 1}, point{p.Width - 1, p.Height - 1}}
		if place, ok := placeAround(at(i), chart.TextWidth(name, size, i == pickOf(all))+4, height, area, taken); ok {
			taken = append(taken, place)
			labels = append(labels, written(name, p.X.Value((place.min.x+2)/p.Width), p.Y.Value(place.middle()/p.Height),
				chart.Style{Color: chart.Ink, Size: size, Bold: i == pickOf(all)}))
		}
	}
	return labels
}

// scatterLegend explains the marks of the panels.
func scatterLegend(all []*aggregate.Strategy, because map[int]string) chart.Legend {
	var legend chart.Legend
	legend.Below = true
	add := func(label string, style chart.Style) {
		legend.Entries = append(legend.Entries, chart.Entry{Label: label, Kind: chart.Points, Style: style})
	}
	others, picks := 0, 0
	for i, s := range all {
		switch {
		case because[i] != "" && !s.Stopped():
			add(s.Name+": "+because[i], strategyPoint(s.Place, 4.6))
		case !s.Stopped():
			others++
		}
		if s.Picked > 0 && !s.Stopped() {
			picks++
		}
	}
	if others > 0 {
		add(counted(others, "other"), otherPoint)
	}
	if picks > 0 {
		add("picked by LAG", pickStyle)
	}
	if !all[0].Stopped() {
		add("best at the end", bestStyle)
	}
	if slices.ContainsFunc(all, (*aggregate.Strategy).Stopped) {
		add("did not finish", stoppedPoint)
	}
	return legend
}
