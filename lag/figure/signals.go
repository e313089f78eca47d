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

// Signals draws how well each early signal predicts the final loss: Spearman's
// rho over the strategies with its 95% interval, for the loss at
// initialization, the loss at the lag and other early measurements. The
// strongest is first. The sign is positive if low values go with low final
// losses.
func Signals(r *result.Study) Figure {
	f := Figure{Name: "signals", Title: "What predicts the final loss?" + forSeeds(len(r.Seeds), " (mean over %d seeds)")}
	signals := slices.DeleteFunc(aggregate.Signals(r), func(s aggregate.Signal) bool { return !finite(float64(s.Spearman)) })
	if len(signals) == 0 {
		return noData(f.Name, f.Title, "no correlation is defined")
	}
	slices.SortStableFunc(signals, func(a, b aggregate.Signal) int {
		return cmp.Compare(math.Abs(float64(b.Spearman)), math.Abs(float64(a.Spearman)))
	})
	points := []chart.Mark{{Kind: chart.Points, Style: chart.Style{Color: chart.Blue, Radius: 5.3}}, {Kind: chart.Points, Style: chart.Style{Color: chart.Vermillion, Radius: 5.3}}}
	intervals := []chart.Mark{{Kind: chart.Segments, Style: chart.Style{Color: chart.Blue, Width: 2.4}}, {Kind: chart.Segments, Style: chart.Style{Color: chart.Vermillion, Width: 2.4}}}
	zero := chart.Mark{Kind: chart.Ticks, Style: chart.Style{Color: chart.Grey, Width: 1.3}, Loose: true}
	var rows []row
	var spoken []string
	lowest := 0.0
	for i, s := range signals {
		rho, lo, hi, y := float64(s.Spearman), float64(s.SpearmanLo), float64(s.SpearmanHi), float64(i)
		one := row{name: s.Name, marked: s.AtLag, note: formatRho(rho)}
		lowest = min(lowest, rho)
		kind := 0
		if s.AtLag {
			kind = 1
		}
		d := chart.Datum{X: rho, Y: y}
		if finite(lo) && finite(hi) {
			lowest = min(lowest, lo)
			one.note += fmt.Sprintf("  [%s, %s]", formatRho(lo), formatRho(hi))
			d.Tips = []chart.Tip{{Name: "low", Value: lo}, {Name: "high", Value: hi}}
			intervals[kind].Data = append(intervals[kind].Data, chart.Datum{X: lo, Y: y, X2: hi, Y2: y})
		}
		points[kind].Data = append(points[kind].Data, d)
		zero.Data = append(zero.Data, chart.Datum{Y: y})
		rows, spoken = append(rows, one), append(spoken, s.Name+" "+formatRho(rho))
	}
	f.Alt = "Spearman's rho of early signals with the final loss, the strongest first: " + strings.Join(spoken, "; ") + "."
	f.Caption = "The further right the point, the better the signal ranks the strategies. An interval that reaches 0 may be chance."
	p := rowPanel("signal", rows, chart.Values("rho", "Spearman's ρ with the final loss", max(-1, math.Floor(lowest*5)/5), 1, 6))
	p.Marks = append(p.Marks, zero, intervals[0], intervals[1], points[0], points[1])
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}})
}
