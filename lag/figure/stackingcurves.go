package figure

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// StackingCurves draws the validation loss of each arm against the FLOPs spent,
// including its probes. The left panel shows all of the training, the right
// panel the last third with its own scale. With several seeds a curve is their
// mean, with their range shaded. A diamond marks a growth, and the thin line
// before it the cost of probing. The legend shows the depths, the best arm
// first.
func StackingCurves(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-curves", Title: "Validation loss against compute" + underSeeds(len(r.Seeds))}
	arms := withCurve(aggregate.Arms(r))
	if len(arms) == 0 {
		return noData(f.Name, f.Title, "no arm has a loss")
	}
	f.Alt = fmt.Sprintf("Line chart of validation loss against FLOPs%s, a line for each of %d arms. Lowest at the end: %s.", underSeeds(len(r.Seeds)), len(arms), arms[0].Name)
	f.Caption = "The lowest line at the right edge is the best use of the budget. A diamond is a growth, the thin line before it the cost of probing."
	return render(f, armsChart(arms, armStyle, r.Budget, "spent, probes included"))
}

// twoPanels is the width of a panel beside another one. With the legend, both fit into
// a notebook cell, see cellWidth.
const twoPanels = 235

// withCurve omits arms that have no loss.
func withCurve(arms []aggregate.Arm) []aggregate.Arm {
	return slices.DeleteFunc(arms, func(a aggregate.Arm) bool { return len(a.Curve()) == 0 })
}

// armStyle returns the line of an arm in every figure.
func armStyle(a aggregate.Arm) chart.Style {
	s := chart.SeriesStyle(a.Place)
	return chart.Style{Color: s.Color, Dash: s.Dash, Width: 2.6}
}

// armsChart draws arms in their styles against FLOPs, up to the maximum of most and the FLOPs
// of all arms.
func armsChart(arms []aggregate.Arm, style func(aggregate.Arm) chart.Style, most float64, spent string) chart.Chart {
	curves := make([][][]aggregate.ArmPoint, len(arms))
	var legend chart.Legend
	for i, a := range arms {
		curves[i] = a.Curve()
		end := curves[i][len(curves[i])-1]
		most = max(most, end[len(end)-1].FLOPs)
		label := a.Name
		if a.Depths != "" {
			label += " · " + a.Depths
		}
		legend.Entries = append(legend.Entries, chart.Entry{Label: label, Series: a.Name, Kind: chart.Line, Style: style(a)})
	}
	legend.Entries = append(legend.Entries, chart.Entry{Label: "grows", Kind: chart.Points, Style: chart.Style{Color: chart.Grey, Shape: chart.Diamond, Radius: 5.5}})
	unit, name := flopsUnit(most)
	var panels []chart.Panel
	for k, title := range []string{"all", "the last third, with its own scale"} {
		from := float64(k) * 2 * most / 3
		lo, hi := armsRange(curves, from, k == 1)
		p := chart.Panel{Title: title, Width: twoPanels, Height: 300, Zoom: true,
			X: chart.Values("flops", spent+" ["+name+"]", from/unit, 1.01*most/unit, 6), Y: chart.Values("loss", lossTitle, lo, hi, 6)}
		if k == 1 {
			p.Y.Title = ""
		}
		p.Marks = armMarks(arms, style, curves, from, unit)
		panels = append(panels, p)
	}
	return chart.Chart{Rows: [][]chart.Panel{panels}, Legend: legend, Series: "arm", Choose: true}
}

// armMarks draws the mean curves of arms from some FLOPs on, with the range
// over the seeds. Between pieces, where an arm was probing, the line is thin.
func armMarks(arms []aggregate.Arm, styleOf func(aggregate.Arm) chart.Style, curves [][][]aggregate.ArmPoint, from, unit float64) []chart.Mark {
	var areas, probes, lines, grows []chart.Mark
	for i := len(arms) - 1; i >= 0; i-- { // draw the best last
		style, name := styleOf(arms[i]), arms[i].Name
		var end []chart.Datum // end of the previous piece
		for k, piece := range curves[i] {
			var mean, seeds []chart.Datum
			for _, p := range piece {
				if p.FLOPs < from {
					continue
				}
				d := chart.Datum{X: p.FLOPs / unit, Y: p.Loss, Tips: []chart.Tip{{Name: "step", Value: int64(p.Step)}, {Name: "layers", Value: aggregate.Join(p.Depths)}}}
				mean, seeds = append(mean, d), append(seeds, chart.Datum{X: d.X, Y: p.Low, Y2: p.High})
			}
			if len(mean) == 0 {
				continue
			}
			if len(arms[i].Outcomes) > 1 {
				areas = append(areas, chart.Mark{Kind: chart.Area, Series: name, Style: chart.Style{Color: chart.Faint(style.Color, 0.19)}, Data: seeds})
			}
			if len(end) > 0 {
				thin := chart.Style{Color: style.Color, Width: 1, Dash: chart.Dotted}
				probes = append(probes, chart.Mark{Kind: chart.Segments, Series: name, Style: thin, Data: []chart.Datum{{X: end[0].X, Y: end[0].Y, X2: mean[0].X, Y2: mean[0].Y}}})
			}
			if k > 0 && piece[0].FLOPs >= from {
				grows = append(grows, chart.Mark{Kind: chart.Points, Series: name, Style: chart.Style{Color: style.Color, Shape: chart.Diamond, Radius: 5.5}, Data: mean[:1]})
			}
			lines = append(lines, chart.Mark{Kind: chart.Line, Series: name, Style: style, Data: mean})
			end = mean[len(mean)-1:]
		}
	}
	return slices.Concat(areas, probes, lines, grows)
}

// armsRange returns the range of the losses from some FLOPs on. With cut, it
// excludes losses far above the usual ones, because a late growth would
// compress the end.
func armsRange(curves [][][]aggregate.ArmPoint, from float64, cut bool) (lo, hi float64) {
	var all, usual []float64
	for _, curve := range curves {
		var own []float64
		for _, p := range slices.Concat(curve...) {
			if p.FLOPs >= from {
				own, all = append(own, p.Loss), append(all, p.Low, p.High)
			}
		}
		if len(own) > 0 {
			slices.Sort(own)
			usual = append(usual, own[len(own)/2])
		}
	}
	lo, hi = chart.Extent(all, 0.04)
	if cut && len(usual) > 0 {
		most := slices.Max(usual)
		hi = min(hi, most+(most-lo))
	}
	return lo, hi
}

// flopsUnit returns a power of ten that makes FLOPs up to most readable, and
// its name.
func flopsUnit(most float64) (unit float64, name string) {
	unit, exponent := 1.0, 0
	for most/unit >= 1000 {
		unit, exponent = unit*1000, exponent+3
	}
	if exponent == 0 {
		return 1, "FLOPs"
	}
	// The font of the pictures has no superscript 9.
	return unit, fmt.Sprintf("1e%d FLOPs", exponent)
}
