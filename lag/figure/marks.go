package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// marks draws glyphs. Unlike [plotter.Scatter] it does not ask the plot to
// shrink so that they fit in: panels in a row would shrink differently.
type marks struct {
	plotter.XYs
	style draw.GlyphStyle
}

// Plot implements [plot.Plotter].
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, xy := range m.XYs {
		c.DrawGlyph(m.style, vg.Point{X: x(xy.X), Y: y(xy.Y)})
	}
}

func addGlyphs(p *plot.Plot, xys plotter.XYs, style draw.GlyphStyle) {
	if len(xys) > 0 {
		p.Add(marks{xys, style})
	}
}

// note draws a text beside a point: to the right where dx is positive, to the
// left where it is negative. Like marks it doesn't change the plot's size.
type note struct {
	at    plotter.XY
	text  string
	color color.Color
	dx    vg.Length
}

// Plot implements [plot.Plotter].
func (n note) Plot(c draw.Canvas, p *plot.Plot) {
	style := textStyle(sizeNote, n.color)
	style.YAlign = draw.YCenter
	if n.dx < 0 {
		style.XAlign = draw.XRight
	}
	x, y := p.Transforms(&c)
	c.FillText(style, vg.Point{X: x(n.at.X) + n.dx, Y: y(n.at.Y)}, n.text)
}

func addText(p *plot.Plot, x, y float64, txt string, c color.Color, dx vg.Length) {
	p.Add(note{plotter.XY{X: x, Y: y}, txt, c, dx})
}
