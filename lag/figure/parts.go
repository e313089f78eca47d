package figure

import (
	"fmt"
	"image/color"
	"math"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

const (
	lossTitle  = "validation loss [nats/token]"
	finalTitle = "final loss [nats/token]"
)

// finalTitleOf is the title of an axis of final losses, which says what they are if
// they are not those of the last evaluation.
func finalTitleOf(r *result.Study) string {
	if r.FinalEvaluations < 2 {
		return finalTitle
	}
	return "final loss, " + r.FinalInWords() + " [nats/token]"
}

// stepTitle is the title of a logarithmic axis of steps.
const stepTitle = "step after growing (log scale)"

// A row is a line of a chart, with a name on the left.
type row struct {
	name   string
	marked bool
	note   string // on the right
}

// rowPanel returns a panel of rows with their notes but no other marks.
func rowPanel(name string, rows []row, x chart.Axis) chart.Panel {
	height := 25.0
	if len(rows) > 24 {
		height = 17
	}
	y := chart.Names(name, nil)
	notes := chart.Mark{Kind: chart.Texts, Style: chart.Style{Color: chart.Ink, Dx: 16}}
	for i, r := range rows {
		y.Bands, y.Marked = append(y.Bands, r.name), append(y.Marked, r.marked)
		if r.note != "" {
			notes.Data = append(notes.Data, chart.Datum{X: x.Max, Y: float64(i), Text: r.note})
		}
	}
	return chart.Panel{Width: 420, Height: height * float64(max(len(rows), 3)), X: x, Y: y, Marks: []chart.Mark{notes}}
}

// across returns a horizontal line at y over the whole axis.
func across(x chart.Axis, y float64, style chart.Style) chart.Mark {
	return chart.Mark{Kind: chart.Segments, Style: style, Data: []chart.Datum{{X: x.Min, Y: y, X2: x.Max, Y2: y}}}
}

// upright returns a vertical line at x over the whole axis.
func upright(y chart.Axis, x float64, style chart.Style) chart.Mark {
	return chart.Mark{Kind: chart.Segments, Style: style, Data: []chart.Datum{{X: x, Y: y.Min, X2: x, Y2: y.Max}}}
}

// written returns a text at a point.
func written(text string, x, y float64, style chart.Style) chart.Mark {
	return chart.Mark{Kind: chart.Texts, Style: style, Data: []chart.Datum{{X: x, Y: y, Text: text}}}
}

// curveOf returns the finite points of a curve.
func curveOf(points []result.Point) []chart.Datum {
	var data []chart.Datum
	for _, p := range points {
		if l := float64(p.Loss); finite(l) {
			data = append(data, chart.Datum{X: float64(p.Step), Y: l})
		}
	}
	return data
}

// since returns the data from an x on.
func since(data []chart.Datum, from float64) []chart.Datum {
	var late []chart.Datum
	for _, d := range data {
		if d.X >= from {
			late = append(late, d)
		}
	}
	return late
}

// tip returns an additional entry of a tooltip.
func tip(name string, value any) []chart.Tip { return []chart.Tip{{Name: name, Value: value}} }

// lagColor returns a distinct color for LAG.
func lagColor(isLAG bool, other color.NRGBA) color.NRGBA {
	if isLAG {
		return chart.Vermillion
	}
	return other
}

// seedStyle returns the shape of the i-th seed. Shapes repeat after the sixth.
// The color is that of the strategy or arm.
func seedStyle(i int, radius float64, of color.NRGBA) chart.Style {
	shapes := []chart.Shape{chart.Circle, chart.Triangle, chart.Square, chart.Diamond, chart.Ring, chart.Cross}
	return chart.Style{Color: of, Shape: shapes[i%len(shapes)], Radius: radius}
}

// seedLegend explains the marks of the seeds if there are several.
func seedLegend(seeds []int64) chart.Legend {
	if len(seeds) < 2 {
		return chart.Legend{}
	}
	legend := chart.Legend{Title: "seed", Below: true}
	for i, seed := range seeds {
		legend.Entries = append(legend.Entries, chart.Entry{Label: fmt.Sprint(seed), Kind: chart.Points, Style: seedStyle(i, 4.3, chart.Grey)})
	}
	return legend
}

// underSeeds returns a part of a title; it is empty for one seed.
func underSeeds(n int) string { return forSeeds(n, ", mean of %d seeds") }

// seedsInTitle is underSeeds for figures that show more than the mean.
func seedsInTitle(n int) string { return forSeeds(n, " (mean of %d seeds, with their range)") }

func forSeeds(n int, format string) string {
	if n > 1 {
		return fmt.Sprintf(format, n)
	}
	return ""
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func formatRho(rho float64) string {
	if math.IsNaN(rho) {
		return "undefined"
	}
	return chart.FormatFixed(rho, 2)
}
