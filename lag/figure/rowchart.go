package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// rowChart is a chart with a row for each of some things, named at the left, and
// values along x.
type rowChart struct {
	c           draw.Canvas
	x0, x1      vg.Length // where lo and hi lie
	bottom, top vg.Length
	row         vg.Length // height of a row
	lo, hi      float64
}

const rowChartFoot = 40 // points below the rows, for the axis

// newRowChart draws the axis, the grid and the names, of which the marked ones are
// set off. Right is the room that is left beside the axis.
func newRowChart(c draw.Canvas, names []string, marked func(i int) bool, right vg.Length, lo, hi float64, ticks plot.Ticker, title string) rowChart {
	r := rowChart{c: c, bottom: c.Min.Y + vg.Points(rowChartFoot), top: c.Max.Y - vg.Points(2), lo: lo, hi: hi}
	r.row = (r.top - r.bottom) / vg.Length(max(len(names), 1))
	label := textStyle(min(sizeLabel, max(6.5, 0.85*float64(r.row))), black)
	label.XAlign, label.YAlign = draw.XRight, draw.YCenter
	left := vg.Length(0)
	for _, name := range names {
		left = max(left, bold(label).Width(name))
	}
	left = min(left, inches(2.5))
	r.x0, r.x1 = c.Min.X+left+vg.Points(20), c.Max.X-right-vg.Points(14)

	tickStyle := textStyle(sizeTick, black)
	tickStyle.XAlign, tickStyle.YAlign = draw.XCenter, draw.YTop
	for _, t := range ticks.Ticks(lo, hi) {
		x := r.x(t.Value)
		c.StrokeLine2(lineStyle(lightGrey, 0.75, 0), x, r.bottom, x, r.top)
		c.FillText(tickStyle, vg.Point{X: x, Y: r.bottom - vg.Points(4)}, t.Label)
	}
	c.StrokeLine2(lineStyle(grey, 0.75, 0), r.x0, r.bottom, r.x1, r.bottom)
	axis := textStyle(sizeLabel, black)
	axis.XAlign, axis.YAlign = draw.XCenter, draw.YTop
	c.FillText(axis, vg.Point{X: (r.x0 + r.x1) / 2, Y: r.bottom - vg.Points(19)}, title)
	for i, name := range names {
		style := label
		if marked(i) {
			style = bold(style)
			style.Color = vermillion
		}
		c.FillText(style, vg.Point{X: r.x0 - vg.Points(9), Y: r.y(i) + vg.Points(1)}, shorten(style, name, left))
	}
	return r
}

// x is where a value lies.
func (r rowChart) x(v float64) vg.Length {
	return r.x0 + (r.x1-r.x0)*vg.Length((v-r.lo)/(r.hi-r.lo))
}

// y is the middle of a row.
func (r rowChart) y(i int) vg.Length { return r.top - r.row*(vg.Length(i)+0.5) }

// rowChartHeight is that of a figure of n rows.
func rowChartHeight(n int) vg.Length {
	row := 19.0
	if n > 24 {
		row = 13
	}
	return vg.Points(sizeTitle + 16 + rowChartFoot + 10 + row*float64(max(n, 3)))
}
