package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Pairs draws which strategies the validation set distinguishes. There is a box
// for each pair, in the order of the final loss; its color is the difference of
// their losses in standard errors, see [result.Pair]. Grey means less than two
// standard errors. The noise of training is not included; [Noise] shows it.
func Pairs(r *result.Study) Figure {
	f := Figure{Name: "pairs", Title: "Which final losses differ on the validation set?"}
	all := slices.DeleteFunc(aggregate.Strategies(r), (*aggregate.Strategy).Stopped)
	place := map[string]int{}
	for i, s := range all {
		place[s.Name] = i
	}
	// There is a row for each strategy except the best, and a column for each
	// except the worst.
	n := len(all)
	box := max(15, min(45, 560/float64(max(n, 1))))
	cells, inside := make([]chart.Mark, len(zLabels)), make([]chart.Mark, len(zLabels))
	var legend chart.Legend
	for i, label := range zLabels {
		cells[i] = chart.Mark{Kind: chart.Bars, Style: chart.Style{Color: zColors[i], Border: chart.LightGrey}}
		inside[i] = chart.Mark{Kind: chart.Texts, Style: chart.Style{Color: chart.TextOn(zColors[i]), Align: chart.Middle, Size: min(11, 0.4*box)}}
		legend.Entries = append(legend.Entries, chart.Entry{Label: label, Kind: chart.Bars, Style: cells[i].Style})
	}
	legend.Title = "standard errors"
	compared, separable := 0, 0
	for _, p := range r.Pairs {
		worse, ok := place[p.A]
		better, ok2 := place[p.B]
		z := math.Abs(float64(p.Difference) / float64(p.Error))
		if !ok || !ok2 || math.IsNaN(z) {
			continue
		}
		worse, better = max(worse, better), min(worse, better)
		compared++
		if z > separableAbove {
			separable++
		}
		level := zLevel(z)
		d := chart.Datum{X: float64(better), Y: float64(worse - 1), Tips: []chart.Tip{
			{Name: "difference", Value: math.Abs(float64(p.Difference))}, {Name: "error", Value: float64(p.Error)}}}
		if finite(z) {
			d.Tips = append(d.Tips, chart.Tip{Name: "errors", Value: z})
		}
		if cells[level].Data = append(cells[level].Data, d); box >= 27 && finite(z) {
			inside[level].Data = append(inside[level].Data, chart.Datum{X: d.X, Y: d.Y, Text: fmt.Sprintf("%.1f", z)})
		}
	}
	if compared == 0 {
		return noData(f.Name, f.Title, "no two strategies were compared")
	}
	says := fmt.Sprintf("%d of %d pairs differ by more than %d standard errors", separable, compared, separableAbove)
	f.Alt = fmt.Sprintf("Matrix of the differences between the final losses of %d strategies, in standard errors. %s.", n, says)

	f.Caption = "Grey: the validation set does not tell the two apart. " + says + "."
	x, y := chart.Names("other", nil), chart.Names("strategy", nil)
	x.Hidden = true
	var columns []chart.Mark // names of columns are on the diagonal, where each column starts
	for i, s := range all {
		if i > 0 {
			y.Bands, y.Marked = append(y.Bands, s.Name), append(y.Marked, s.Picked > 0)
		}
		if i < n-1 {
			x.Bands = append(x.Bands, s.Name)
			style := chart.Style{Color: lagColor(s.Picked > 0, chart.Ink), Bold: s.Picked > 0, Size: min(chart.SizeNote, 0.8*box), Dx: 4 - box/2, Dy: -box}
			columns = append(columns, written(chart.Shorten(s.Name, style.Size, true, 200), float64(i), float64(i), style))
		}
	}
	p := chart.Panel{Width: box * float64(n-1), Height: box * float64(n-1), X: x, Y: y}
	p.Marks = slices.Concat(cells, inside, columns)
	return render(f, chart.Chart{Rows: [][]chart.Panel{{p}}, Legend: legend})
}

// separableAbove is the number of standard errors that a difference must
// exceed.
const separableAbove = 2

var (
	zLabels = []string{"below 2", "2 to 4", "4 to 8", "8 to 16", "above 16"}
	zColors = []color.NRGBA{{0xe4, 0xe4, 0xe4, 0xff}, {0xb7, 0xd4, 0xea, 0xff}, {0x6b, 0xae, 0xd6, 0xff}, {0x21, 0x71, 0xb5, 0xff}, {0x08, 0x30, 0x6b, 0xff}}
)

// zLevel returns the index in zLabels of a difference in standard errors.
func zLevel(z float64) int {
	level := 0
	for bound := 2.0; level < len(zLabels)-1 && z > bound; bound *= 2 {
		level++
	}
	return level
}
