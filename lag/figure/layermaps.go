package figure

import (
	"fmt"
	"image/color"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// LayerMaps draws how each strategy of a result builds the grown stack. Each
// layer is a box, with the bottom layer at the bottom, and has the color and
// the index of its source layer. Dashed boxes are new layers. Pale boxes are
// duplicates that are not plain copies; their initialization is below the
// strategy's name. Strategies are sorted by mean final loss, the best first. If
// there are two stacks, the encoder is on the left.
func LayerMaps(r *result.Study) Figure {
	var ways []way
	for _, s := range aggregate.Strategies(r) {
		note := fmt.Sprintf("final %.3f", s.Final)
		if s.Stopped() {
			note = s.Unfinished
		}
		if s.Picked > 0 {
			note += " · " + s.PickNote("LAG ")
		}
		ways = append(ways, way{line: strategyLine(s.Place, 2), point: strategyPoint(s.Place, 3.6), name: s.Name, what: s.What, changed: s.Init != "" && s.Init != string(growth.Copy), maps: s.Maps, note: note, marked: s.Picked > 0})
	}
	return layerMaps(aggregate.From(r), aggregate.To(r), ways)
}

// PoolMaps draws the layer maps of a pool for a model with one stack, in the
// pool's order, like [LayerMaps]. from is the number of source layers.
func PoolMaps(from int, pool growth.Pool) Figure {
	return PoolMapsFor(growth.Depths{from}, pool)
}

// PoolMapsFor is [PoolMaps] for a model with one or two stacks. If there are
// two, the encoder is on the left.
func PoolMapsFor(from growth.Depths, pool growth.Pool) Figure {
	var ways []way
	to := make(growth.Depths, len(from))
	for i, s := range pool {
		one := way{line: strategyLine(i, 2), point: strategyPoint(i, 3.6), name: s.Name, what: s.Summary(), changed: s.Init.Kind != growth.Copy}
		stacks, err := s.PerStack(len(from))
		if err != nil {
			return noData("layer-maps", "Layer maps", err.Error())
		}
		for i, stack := range stacks {
			to[i] = max(to[i], len(stack.Map))
			one.maps = append(one.maps, stack.Map)
		}
		ways = append(ways, one)
	}
	return layerMaps(from, to, ways)
}

func layerMaps(from, to growth.Depths, ways []way) Figure {
	f := Figure{Name: "layer-maps", Title: fmt.Sprintf("%s to grow %s layers into %s", plain.Count(len(ways), "way"), aggregate.Join(from), aggregate.Join(to))}
	deepest := 0
	for _, n := range to {
		deepest = max(deepest, n)
	}
	if len(ways) == 0 || deepest < 1 {
		return noData(f.Name, f.Title, "there are no strategies")
	}
	f.Alt = fmt.Sprintf("Stacks of boxes, one for each of %d strategies, that show from which of %s source layers each of %s grown layers is copied.", len(ways), aggregate.Join(from), aggregate.Join(to))
	if len(from) == 2 {
		f.Alt += " Of the two stacks of a strategy the left one is the encoder, the right one the decoder."
	}
	f.Caption = "Read a stack from the bottom: boxes of one number come from the same source layer. The line below a name is its line in the other figures."
	width := 115.0
	for i, w := range ways {
		width = max(width, chart.TextWidth(w.name, smallestName, true)+14, chart.TextWidth(w.note, sizeOfNote, false)+12)
		if !slices.ContainsFunc(w.maps, func(m growth.Map) bool { return slices.Contains(m.Duplicates(), true) }) {
			ways[i].what = "no duplicates"
		}
	}
	width = min(width, 182)
	mostColumns := int(cellWidth / width)
	rows := (len(ways) + mostColumns - 1) / mostColumns
	columns := (len(ways) + rows - 1) / rows
	box := min(25, 306/float64(deepest))
	height := ways[0].caption() + box*float64(deepest) + 18
	d := newDiagram(width*float64(columns), height*float64(rows)-18)
	for i, w := range ways {
		d.way(w, from, box, width*float64(i%columns), height*float64(i/columns), width-10)
	}
	return render(f, chart.Chart{Rows: [][]chart.Panel{{d.panel()}}, Legend: mapLegend(from, true)})
}

// A way is a strategy in a diagram.
type way struct {
	name, what, note string
	changed          bool         // duplicates are not plain copies
	maps             []growth.Map // of each stack
	marked           bool
	line, point      chart.Style // of the strategy in other figures; none if their sizes are 0
}

// caption returns the height of the texts above the boxes.
func (w way) caption() float64 {
	height := 38.0
	if w.note != "" {
		height += 15
	}
	if w.line.Width > 0 {
		height += 11
	}
	return height
}

// deepest returns the number of layers of the deepest stack.
func (w way) deepest() int {
	n := 1
	for _, m := range w.maps {
		n = max(n, len(m))
	}
	return n
}

// cellWidth is the width of a notebook's cell in a window of 1280 pixels.
const cellWidth = 830

// Sizes of the texts above the boxes, in CSS pixels.
const (
	smallestName = 10
	sizeOfNote   = 11.3
)

// A diagram is a panel without axes. Its positions are CSS pixels from the
// upper left corner.
type diagram struct {
	width, height float64
	boxes         []*chart.Mark // one for each style
	texts         []*chart.Mark
}

func newDiagram(width, height float64) *diagram { return &diagram{width: width, height: height} }

// add adds a datum to the mark with its style.
func add(to *[]*chart.Mark, kind chart.Kind, style chart.Style, d chart.Datum) {
	i := slices.IndexFunc(*to, func(m *chart.Mark) bool { return m.Style == style && m.Kind == kind })
	if i < 0 {
		i = len(*to)
		*to = append(*to, &chart.Mark{Kind: kind, Style: style})
	}
	(*to)[i].Data = append((*to)[i].Data, d)
}

func (d *diagram) text(text string, x, y float64, style chart.Style) {
	add(&d.texts, chart.Texts, style, chart.Datum{X: x, Y: d.height - y, Text: text})
}

func (d *diagram) line(x0, y0, x1, y1 float64, style chart.Style) {
	add(&d.boxes, chart.Segments, style, chart.Datum{X: x0, Y: d.height - y0, X2: x1, Y2: d.height - y1})
}

func (d *diagram) panel() chart.Panel {
	p := chart.Panel{Width: d.width, Height: d.height, X: chart.Hidden("x", 0, d.width), Y: chart.Hidden("y", 0, d.height)}
	for _, m := range append(d.boxes, d.texts...) {
		p.Marks = append(p.Marks, *m)
	}
	return p
}

// way draws a strategy: its name and below it its stacks of boxes.
func (d *diagram) way(w way, from growth.Depths, box, x, y, width float64) {
	center := x + width/2
	name := chart.Style{Color: lagColor(w.marked, chart.Ink), Bold: true, Size: chart.SizeNote, Align: chart.Middle}
	for chart.TextWidth(w.name, name.Size, true) > width && name.Size > smallestName {
		name.Size -= 0.5
	}
	d.text(chart.Shorten(w.name, name.Size, true, width), center, y+8, name)
	note := chart.Style{Color: chart.Grey, Size: sizeOfNote, Align: chart.Middle}
	for i, text := range []string{w.what, w.note} {
		d.text(chart.Shorten(text, note.Size, false, width), center, y+24+float64(15*i), note)
	}
	if w.line.Width > 0 {
		below := y + w.caption() - 10
		d.line(center-22, below, center+22, below, w.line)
		add(&d.boxes, chart.Points, w.point, chart.Datum{X: center, Y: d.height - below})
	}
	boxWidth, gap := 61.0, 7.0
	if len(w.maps) == 2 {
		boxWidth = 45
	}
	bottom := y + w.caption() + box*float64(w.deepest())
	left := center - (boxWidth*float64(len(w.maps))+gap*float64(len(w.maps)-1))/2
	for k, m := range w.maps {
		duplicate := m.Duplicates()
		for i, layer := range m {
			style, label := layerStyle(layer, from[k], duplicate[i] && w.changed)
			low, inset := bottom-box*float64(i), min(1.3, 0.08*box)
			tips := []chart.Tip{{Name: "strategy", Value: w.name}, {Name: "init", Value: w.what}, {Name: "layer", Value: int64(i)}, {Name: "source", Value: label}}
			if len(w.maps) == 2 {
				tips = append(tips, chart.Tip{Name: "stack", Value: [2]string{"encoder", "decoder"}[k]})
			}
			add(&d.boxes, chart.Bars, style, chart.Datum{X: left, X2: left + boxWidth, Y: d.height - low + inset, Y2: d.height - low + box - inset, Tips: tips})
			d.text(label, left+boxWidth/2, low-box/2, chart.Style{Color: chart.TextOn(style.Color), Align: chart.Middle, Size: min(chart.SizeNote-1, 0.62*box)})
		}
		left += boxWidth + gap
	}
}

// layerStyle returns the style of a layer's box and its label.
func layerStyle(layer, from int, changed bool) (style chart.Style, label string) {
	if layer == growth.New {
		return chart.Style{Color: newLayer, Border: chart.Grey, Width: 1.2, Dash: chart.Dashed}, "new"
	}
	full := chart.OrderColor(layer, from)
	style, label = chart.Style{Color: full, Border: chart.Grey, Width: 1}, fmt.Sprint(layer)
	if changed {
		style.Color, style.Border, style.Width = chart.Pale(full, 0.72), full, 1.9
	}
	return style, label
}

// newLayer is the color of new layers, light on any page.
var newLayer = color.NRGBA{0xf1, 0xf1, 0xf1, 0xff}

// LayerColor returns the background and text colors of a source layer in
// figures, in CSS notation such as "#27818e". from is the number of source
// layers.
func LayerColor(layer, from int) (background, text string) {
	fill := chart.OrderColor(layer, from)
	return chart.Hex(fill), chart.Hex(chart.TextOn(fill))
}

// mapLegend explains the boxes, including those of changed duplicates if
// changed is true.
func mapLegend(from growth.Depths, changed bool) chart.Legend {
	legend := chart.Legend{Below: true}
	entry := func(layer int, changed bool, label string) {
		style, text := layerStyle(layer, slices.Max(from), changed)
		legend.Entries = append(legend.Entries, chart.Entry{Label: label, Kind: chart.Bars, Style: style, Text: text})
	}
	entry(0, false, "source layer 0")
	if changed {
		entry(0, true, "duplicate, not a plain copy")
	}
	entry(growth.New, false, "new layer")
	if len(from) == 2 {
		legend.Title = "left: encoder, right: decoder"
	}
	return legend
}
