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

// Noise draws the final loss of each strategy with each seed, the lowest mean
// first, with the mean as a line. It shows how much strategies differ, and how
// much one strategy varies between seeds. Below the title are the two spreads,
// see [result.Noise], and the error of a difference on the validation set.
func Noise(r *result.Study) Figure {
	f := Figure{Name: "noise", Title: "Final losses: do the strategies differ by more than the seeds?"}
	if len(r.Seeds) < 2 {
		f.Title = "Final losses of the strategies"
	}
	all := aggregate.Strategies(r)
	var losses []float64
	var rows []row
	ranges := chart.Mark{Kind: chart.Segments, Style: chart.Style{Color: chart.LightGrey, Width: 2.6}}
	means := chart.Mark{Kind: chart.Ticks, Style: chart.Style{Color: chart.Ink, Width: 2.1, Share: 0.8}}
	for i, s := range all {
		y := float64(i)
		one := row{name: s.Name, marked: s.Picked > 0, note: s.Unfinished}
		if !s.Stopped() {
			one.note = fmt.Sprintf("%.4f", s.Final)
			means.Data = append(means.Data, chart.Datum{X: s.Final, Y: y})
			ranges.Data = append(ranges.Data, chart.Datum{X: slices.Min(s.Finals), Y: y, X2: slices.Max(s.Finals), Y2: y})
		}
		rows, losses = append(rows, one), append(losses, s.Finals...)
	}
	if !slices.ContainsFunc(losses, finite) {
		return noData(f.Name, f.Title, "no strategy has a final loss")
	}
	says := noiseInWords(r)
	f.Alt = fmt.Sprintf("Dots for the final losses of %d strategies under %d seeds, the lowest mean first. %s.", len(all), len(r.Seeds), says)
	f.Caption = "Are the rows further apart than the marks within a row? " + says + "."
	if len(r.Seeds) < 2 {
		f.Caption = "The lowest is on top. One seed does not tell which differences another would leave. " + says + "."
	}
	lo, hi := chart.Extent(losses, 0.04)
	p := rowPanel("strategy", rows, chart.Values("loss", finalTitleOf(r), lo, hi, 6))
	because := roles(all)
	colors := func(i int) color.NRGBA {
		if because[i] == "" {
			return chart.Grey
		}
		return strategyStyle(all[i].Place).Color
	}
	p.Marks = append(p.Marks, ranges, means)
	p.Marks = append(p.Marks, seedMarks(r.Seeds, 3.9, len(all), func(i int) []float64 { return all[i].Finals }, colors)...)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: seedLegend(r.Seeds)})
}

// seedMarks returns a point for each seed in each of n rows, in the colors of
// the rows.
func seedMarks(seeds []int64, radius float64, n int, finals func(i int) []float64, of func(i int) color.NRGBA) []chart.Mark {
	var marks []chart.Mark
	for k, seed := range seeds {
		for i := range n {
			style := seedStyle(k, radius, of(i))
			d := chart.Datum{X: finals(i)[k], Y: float64(i), Tips: tip("seed", seed)}
			at := slices.IndexFunc(marks, func(m chart.Mark) bool { return m.Style == style })
			if at < 0 {
				at = len(marks)
				marks = append(marks, chart.Mark{Kind: chart.Points, Style: style})
			}
			marks[at].Data = append(marks[at].Data, d)
		}
	}
	return marks
}

// noiseInWords describes the measured noise.
func noiseInWords(r *result.Study) string {
	var parts []string
	n := r.Noise
	if finite(float64(n.Ratio)) {
		judgement := ""
		if n.IsNoise {
			judgement = ": noise"
		}
		parts = append(parts, fmt.Sprintf("Standard deviation between strategies %.4f nats, between seeds %.4f (ratio %.1f%s)", float64(n.Strategies), float64(n.Seeds), float64(n.Ratio), judgement))
	} else {
		parts = append(parts, "The spread between seeds was not measured")
	}
	if finite(float64(n.PairError)) {
		parts = append(parts, fmt.Sprintf("error of a difference %.4f", float64(n.PairError)))
	}
	return strings.Join(parts, "; ")
}
