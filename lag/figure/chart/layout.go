package chart

import (
	"image/color"
	"math"
	"strings"
)

// A layout contains the positions of all parts of a chart, in CSS pixels from
// the upper left corner of the picture.
type layout struct {
	width, height float64
	texts         []label // of the title
	panels        []placed
}

// placed is a panel with its position.
type placed struct {
	Panel
	x, y float64 // upper left corner of its area
}

// A label is a text with the position of its left end, middle or right end, at
// the middle of its height.
type label struct {
	text  string
	x, y  float64
	size  float64
	bold  bool
	color color.NRGBA
	align Align
	angle float64 // counterclockwise rotation in radians
}

// A rect is a rectangle; y grows downward.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) join(o rect) rect {
	return rect{min(r.x0, o.x0), min(r.y0, o.y0), max(r.x1, o.x1), max(r.y1, o.y1)}
}

// box returns the area that a label covers.
func (l label) box() rect {
	w, h := TextWidth(l.text, l.size, l.bold), 1.12*l.size
	left := -[3]float64{0, 0.5, 1}[l.align] * w
	sin, cos := math.Sincos(l.angle)
	box := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, dx := range []float64{left, left + w} {
		for _, dy := range []float64{-h / 2, h / 2} {
			x, y := l.x+dx*cos+dy*sin, l.y-dx*sin+dy*cos
			box = box.join(rect{x, y, x, y})
		}
	}
	return box
}

const (
	border    = 12 // around the picture
	tickSize  = 5
	gapX      = 20 // between panels
	gapY      = 16
	slant     = 0.6 // radians
	bandWidth = 250 // names of bands are cut to this width
)

// labels returns all texts of a panel, relative to the upper left corner of its
// area: the title, axes and marks. Texts of a series have its name.
func (p Panel) labels() []label {
	if p.empty() {
		return nil
	}
	var all []label
	add := func(txt string, x, y, size float64, align Align) *label {
		all = append(all, label{text: txt, x: x, y: y, size: size, color: Ink, align: align})
		return &all[len(all)-1]
	}
	if p.Title != "" {
		add(p.Title, p.Width/2, -14, SizeLabel, Middle)
	}
	if !p.Y.Hidden {
		widest := 0.0
		for i, t := range p.Y.ticks() {
			_, y := p.at(0, t.At)
			l := add(p.Y.shortened(t.Label), -tickSize-4, y, p.Y.labelSize(p.Height), End)
			l.emphasize(p.Y.marked(i))
			widest = max(widest, TextWidth(l.text, l.size, l.bold))
		}
		if p.Y.Title != "" {
			add(p.Y.Title, -tickSize-4-widest-7-SizeLabel/2, p.Height/2, SizeLabel, Middle).angle = math.Pi / 2
		}
	}
	if !p.X.Hidden {
		lowest := p.Height
		for i, t := range p.X.ticks() {
			x, _ := p.at(t.At, 0)
			l := add(p.X.shortened(t.Label), x, p.Height+tickSize+3+SizeNote/2, p.X.labelSize(p.Width), Middle)
			l.emphasize(p.X.marked(i))
			if p.X.Slant {
				l.align, l.angle, l.x, l.y = End, slant, x+3, l.y+1
			}
			lowest = max(lowest, l.box().y1)
		}
		if p.X.Title != "" {
			add(p.X.Title, p.Width/2, lowest+5+SizeLabel/2, SizeLabel, Middle)
		}
	}
	for _, m := range p.Marks {
		if m.Kind != Texts {
			continue
		}
		for _, d := range p.within(m).Data {
			x, y := p.at(d.X, d.Y)
			l := add(d.Text, x+m.Style.Dx, y+m.Style.Dy, m.Style.textSize(), m.Style.Align)
			l.color, l.bold = m.Style.Color, m.Style.Bold
		}
	}
	return all
}

func (l *label) emphasize(marked bool) {
	if marked {
		l.bold, l.color = true, Vermillion
	}
}

func (s Style) textSize() float64 {
	if s.Size > 0 {
		return s.Size
	}
	return SizeNote
}

// labelSize returns the text size of tick labels on an axis of some length.
// Narrow bands have smaller names.
func (a Axis) labelSize(length float64) float64 {
	if len(a.Bands) == 0 || a.Slant {
		return SizeNote
	}
	return min(SizeNote, max(8, 0.85*length/float64(len(a.Bands))))
}

func (a Axis) shortened(name string) string {
	if a.Bands == nil {
		return name
	}
	return Shorten(name, SizeNote, true, bandWidth)
}

// extent returns the area that a panel covers including its texts, relative to
// the corner of its area.
func (p Panel) extent() rect {
	r := rect{0, 0, p.Width, p.Height}
	if !p.empty() && !p.X.Hidden {
		r = rect{-4, -4, p.Width + 4, p.Height + 4} // for points at the edge
	}
	for _, l := range p.labels() {
		r = r.join(l.box())
	}
	return r
}

// layout places the panels so that the areas in each column and each row are
// aligned.
func (c Chart) layout() layout {
	l := layout{width: c.MinWidth}
	all, columns := c.panels()
	rows := len(c.Rows)
	lefts, rights := make([]float64, columns), make([]float64, columns)
	tops, bottoms := make([]float64, rows), make([]float64, rows)
	for i, p := range all {
		e, row, column := p.extent(), i/columns, i%columns
		lefts[column], rights[column] = max(lefts[column], -e.x0), max(rights[column], e.x1)
		tops[row], bottoms[row] = max(tops[row], -e.y0), max(bottoms[row], e.y1)
	}
	grid := float64(gapX * max(columns-1, 0))
	for column := range columns {
		grid += lefts[column] + rights[column]
	}

	top := float64(border)
	heading := func(txt string, size float64, bold bool, of color.NRGBA) {
		if txt != "" {
			l.texts = append(l.texts, label{text: txt, x: border, y: top + size/2, size: size, bold: bold, color: of})
			l.width = max(l.width, 2*border+TextWidth(txt, size, bold))
			top += size + 7
		}
	}
	heading(c.Title, SizeTitle, true, Ink)
	for _, line := range c.captionLines(grid) {
		heading(line, SizeNote, false, Grey)
		top -= 2
	}
	top += 5

	y := top
	gridRight := float64(border)
	for row := range rows {
		x := float64(border)
		y += tops[row]
		for column := range columns {
			x += lefts[column]
			l.panels = append(l.panels, placed{all[row*columns+column], x, y})
			x += rights[column]
			gridRight = max(gridRight, x)
			x += gapX
		}
		y += bottoms[row]
		if row < rows-1 {
			y += gapY
		}
	}
	l.width, l.height = max(l.width, gridRight+border), max(y+border, c.MinHeight)
	legend := c.Legend.panel(c.Legend.lines(gridRight-border, l.width-2*border))
	if legend.empty() {
		return l
	}
	if c.Legend.Below {
		l.panels = append(l.panels, placed{legend, border, y + gapY})
		l.height = max(l.height, y+gapY+legend.Height+border)
	} else {
		l.panels = append(l.panels, placed{legend, gridRight + gapX, top})
		l.height = max(l.height, top+legend.Height+border)
	}
	l.width = max(l.width, l.panels[len(l.panels)-1].x+legend.Width+border)
	return l
}

// captionLines returns the caption in lines that are no wider than the picture
// is without it, where grid is the width of the panels.
func (c Chart) captionLines(grid float64) []string {
	width := max(grid, c.MinWidth-2*border, TextWidth(c.Title, SizeTitle, true), 420)
	if beside := c.Legend.panel(0); !c.Legend.Below && !beside.empty() {
		width = max(width, grid+gapX+beside.Width)
	}
	var lines []string
	for _, word := range strings.Fields(c.Caption) {
		n := len(lines)
		if n > 0 && TextWidth(lines[n-1]+" "+word, SizeNote, false) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, Shorten(word, SizeNote, false, width))
	}
	return lines
}

// lines returns the width of the lines of a legend below the panels.
func (l Legend) lines(grid, picture float64) float64 { return max(grid, picture, 420) }

// Size returns the size of the picture in CSS pixels.
func (c Chart) Size() (width, height int) {
	l := c.layout()
	return int(math.Ceil(l.width)), int(math.Ceil(l.height))
}
