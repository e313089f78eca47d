package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// LayerMaps draws how each strategy of a result builds the grown stack: a box
// for every layer, the bottom layer at the bottom, in the colour and with the
// index of its source layer. Hatched boxes are new layers; a pale box is a
// duplicate that is not a plain copy, with its initialization below the name.
// Panels are sorted by the final loss, the mean over the seeds, the best first. Of
// two stacks the encoder's is the left one.
func LayerMaps(r *result.Study) Figure {
	panels := make([]mapPanel, 0, len(r.Strategies))
	for _, s := range byFinal(strategies(r)) {
		note := fmt.Sprintf("final %.3f", s.final)
		if s.stopped() {
			note = s.ending
		}
		if s.picked > 0 {
			note += " · LAG"
			if s.seeds > 1 {
				note += fmt.Sprintf(" %d/%d", s.picked, s.seeds)
			}
		}
		panels = append(panels, mapPanel{name: s.name, what: s.what, changed: s.init != "" && s.init != string(growth.Copy), stacks: s.stacks, note: note, marked: s.picked > 0})
	}
	return layerMaps(grownFrom(r), grownTo(r), panels)
}

// PoolMaps draws the layer maps of a pool for a model of one stack, as
// [LayerMaps] does, in the pool's order. from is the number of layers of the
// source.
func PoolMaps(from int, pool growth.Pool) Figure {
	return PoolMapsFor(growth.Depths{from}, pool)
}

// PoolMapsFor is [PoolMaps] for a model of one or two stacks. Of two, the
// encoder's is the left one.
func PoolMapsFor(from growth.Depths, pool growth.Pool) Figure {
	panels := make([]mapPanel, 0, len(pool))
	to := make(growth.Depths, len(from))
	for _, s := range pool {
		panel := mapPanel{name: s.Name, what: s.Summary(), changed: s.Init.Kind != growth.Copy}
		stacks, err := s.PerStack(len(from))
		if err != nil {
			return noData("layer-maps", "Layer maps", err.Error())
		}
		for i, one := range stacks {
			to[i] = max(to[i], len(one.Map))
			panel.stacks = append(panel.stacks, one.Map)
		}
		panels = append(panels, panel)
	}
	return layerMaps(from, to, panels)
}

// A mapPanel is one strategy's part of the drawing.
type mapPanel struct {
	name, what, note string
	changed          bool    // duplicates are not plain copies
	stacks           [][]int // the map of each
	marked           bool
}

// duplicates tells whether a stack has any.
func (p mapPanel) duplicates() bool {
	return slices.ContainsFunc(p.stacks, func(m []int) bool { return slices.Contains(growth.Map(m).Duplicates(), true) })
}

// joined writes depths as "3", or "2+2" for two stacks.
func joined(depths growth.Depths) string {
	var texts []string
	for _, n := range depths {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, "+")
}

func layerMaps(from, to growth.Depths, panels []mapPanel) Figure {
	f := Figure{Name: "layer-maps", Title: fmt.Sprintf("%d ways to grow %s layers into %s", len(panels), joined(from), joined(to))}
	deepest := 0
	for _, n := range to {
		deepest = max(deepest, n)
	}
	if len(panels) == 0 || deepest < 1 {
		return noData(f.Name, f.Title, "there are no strategies")
	}
	f.Alt = fmt.Sprintf("Stacks of boxes, one for each of %d strategies, that show from which of %s source layers each of %s grown layers is copied.", len(panels), joined(from), joined(to))
	if len(from) == 2 {
		f.Alt += " Of the two stacks of a strategy the left one is the encoder, the right one the decoder."
	}

	panelWidth := panelWidth(panels)
	columnsMax := int(inches(9.6) / panelWidth)
	rows := (len(panels) + columnsMax - 1) / columnsMax
	columns := (len(panels) + rows - 1) / rows
	box := vg.Points(min(19, 230/float64(deepest)))
	caption := vg.Points(29)
	if panels[0].note != "" {
		caption += vg.Points(11)
	}
	panelHeight := caption + box*vg.Length(deepest) + vg.Points(12)
	key := vg.Points(30)
	width := max(panelWidth*vg.Length(columns)+inches(0.2), inches(5.4))
	height := panelHeight*vg.Length(rows) + key + vg.Points(sizeTitle+22)

	return render(f, width, height, mapsSpec(from, panels), func(c draw.Canvas) {
		c = headline(c, f.Title)
		paintMapKey(c, from, true)
		for i, p := range panels {
			if !p.duplicates() {
				p.what = "no duplicates"
			}
			x := c.Min.X + vg.Points(8) + panelWidth*vg.Length(i%columns)
			top := c.Max.Y - panelHeight*vg.Length(i/columns)
			paintMap(c, p, from, box, caption, x, top, panelWidth-vg.Points(8))
		}
	})
}

const smallestName = 7.5 // points

// panelWidth is as wide as the longest name in its smallest size wants it, within
// bounds.
func panelWidth(panels []mapPanel) vg.Length {
	width := inches(1.2)
	name := bold(textStyle(smallestName, black))
	for _, p := range panels {
		width = max(width, name.Width(p.name)+vg.Points(10))
	}
	return min(width, inches(1.9))
}

// paintMap draws the stacks of boxes of a strategy, and above them a caption
// with its name.
func paintMap(c draw.Canvas, p mapPanel, from growth.Depths, box, caption, x, top, width vg.Length) {
	name := bold(textStyle(sizeNote, black))
	if p.marked {
		name.Color = vermillion
	}
	name.XAlign, name.YAlign = draw.XCenter, draw.YTop
	note := textStyle(sizeNote-1, grey)
	note.XAlign, note.YAlign = draw.XCenter, draw.YTop
	center := x + width/2
	for name.Width(p.name) > width && name.Font.Size > vg.Points(smallestName) {
		name.Font.Size -= vg.Points(0.5)
	}
	c.FillText(name, vg.Point{X: center, Y: top - vg.Points(3)}, shorten(name, p.name, width))
	c.FillText(note, vg.Point{X: center, Y: top - vg.Points(15)}, shorten(note, p.what, width))
	c.FillText(note, vg.Point{X: center, Y: top - vg.Points(26)}, shorten(note, p.note, width))

	boxWidth, gap := vg.Points(46), vg.Points(5)
	if len(p.stacks) == 2 {
		boxWidth = vg.Points(34)
	}
	deepest := 0
	for _, layers := range p.stacks {
		deepest = max(deepest, len(layers))
	}
	y := top - caption - box*vg.Length(deepest)
	left := center - (boxWidth*vg.Length(len(p.stacks))+gap*vg.Length(len(p.stacks)-1))/2
	for k, layers := range p.stacks {
		duplicate := growth.Map(layers).Duplicates()
		for i, layer := range layers {
			paintLayer(c, layer, from[k], duplicate[i] && p.changed, left, y+box*vg.Length(i), boxWidth, box)
		}
		left += boxWidth + gap
	}
}

// paintLayer draws the box of one grown layer, with its lower left corner at x, y.
func paintLayer(c draw.Canvas, layer, from int, changed bool, x, y, width, height vg.Length) {
	gap := min(vg.Points(1), height*0.08)
	x0, y0, x1, y1 := x, y+gap, x+width, y+height-gap
	txt := textStyle(min(sizeNote, 0.62*float64(height)), black)
	txt.XAlign, txt.YAlign = draw.XCenter, draw.YCenter
	middle := vg.Point{X: (x0 + x1) / 2, Y: (y0 + y1) / 2}

	if layer == growth.New {
		fillBox(c, color.NRGBA{0xf2, 0xf2, 0xf2, 0xff}, x0, y0, x1, y1)
		hatch(c, x0, y0, x1, y1)
		strokeBox(c, lineStyle(grey, 1, 0), x0, y0, x1, y1)
		half := txt.Width("new")/2 + vg.Points(2)
		fillBox(c, color.NRGBA{0xf2, 0xf2, 0xf2, 0xff}, middle.X-half, y0+vg.Points(1), middle.X+half, y1-vg.Points(1))
		c.FillText(txt, middle, "new")
		return
	}
	full := orderColor(layer, from)
	fill := full
	if changed {
		fill = mixWhite(full, 0.72)
	}
	fillBox(c, fill, x0, y0, x1, y1)
	if changed {
		strokeBox(c, lineStyle(full, 1.4, 0), x0, y0, x1, y1)
	}
	if luminance(fill) < darkBelow {
		txt.Color = color.White
	}
	c.FillText(txt, middle, strconv.Itoa(layer))
}

// LayerColor returns the colour in which the figures show a source layer, and
// that of text on it, as CSS has them: "#27818e". from is the number of layers of
// the source.
func LayerColor(layer, from int) (background, text string) {
	fill := orderColor(layer, from)
	if luminance(fill) < darkBelow {
		return hex(fill), "#ffffff"
	}
	return hex(fill), hex(black)
}

// darkBelow is the luminance under which text is white.
const darkBelow = 0.36

// paintMapKey says what the boxes mean, with changed those of changed duplicates too.
func paintMapKey(c draw.Canvas, from growth.Depths, changed bool) {
	style := textStyle(sizeNote, black)
	style.YAlign = draw.YCenter
	x, y, w, h := c.Min.X+vg.Points(10), c.Min.Y+vg.Points(7), vg.Points(30), vg.Points(15)
	entry := func(layer int, changed bool, label string) {
		paintLayer(c, layer, slices.Max(from), changed, x, y, w, h)
		c.FillText(style, vg.Point{X: x + w + vg.Points(5), Y: y + h/2}, label)
		x += w + vg.Points(20) + style.Width(label)
	}
	entry(0, false, "source layer 0")
	if changed {
		entry(0, true, "duplicate, not a plain copy")
	}
	entry(growth.New, false, "new layer")
	if len(from) == 2 {
		c.FillText(style, vg.Point{X: x, Y: y + h/2}, "left: encoder, right: decoder")
	}
}

func box(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

func fillBox(c draw.Canvas, fill color.Color, x0, y0, x1, y1 vg.Length) {
	c.FillPolygon(fill, box(x0, y0, x1, y1))
}

func strokeBox(c draw.Canvas, style draw.LineStyle, x0, y0, x1, y1 vg.Length) {
	corners := box(x0, y0, x1, y1)
	c.StrokeLines(style, append(corners, corners[0], corners[1]))
}

// hatch fills a box with diagonal lines.
func hatch(c draw.Canvas, x0, y0, x1, y1 vg.Length) {
	height, spacing := y1-y0, vg.Points(5)
	for x := x0 - height; x < x1; x += spacing {
		// The line from (x, y0) to (x+height, y1), cut to the box.
		from, to := max(x, x0), min(x+height, x1)
		if from < to {
			c.StrokeLine2(lineStyle(grey, 0.6, 0), from, y0+from-x, to, y0+to-x)
		}
	}
}

// mixWhite mixes a colour with white; t = 1 is white.
func mixWhite(c color.NRGBA, t float64) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(float64(v) + t*(255-float64(v)))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// luminance returns the relative luminance of a colour as WCAG 2 defines it.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// sourceName is what a specification calls the source of a layer.
func sourceName(layer int) string {
	if layer == growth.New {
		return "new"
	}
	return strconv.Itoa(layer)
}

// sourceScale gives the layers of a source of that depth, and new ones, their colours.
func sourceScale(depth int) (domain, colors list) {
	for layer := range depth {
		domain, colors = append(domain, sourceName(layer)), append(colors, hex(orderColor(layer, depth)))
	}
	return append(domain, sourceName(growth.New)), append(colors, hex(lightGrey))
}

func mapsSpec(from growth.Depths, panels []mapPanel) object {
	var values, names list
	for _, p := range panels {
		names = append(names, p.name)
		for k, layers := range p.stacks {
			for i, layer := range layers {
				value := object{"strategy": p.name, "init": p.what, "layer": i, "source": sourceName(layer)}
				if len(p.stacks) == 2 {
					value["stack"] = [2]string{"encoder", "decoder"}[k]
				}
				values = append(values, value)
			}
		}
	}
	domain, colors := sourceScale(slices.Max(from))
	spec := object{
		"width": object{"step": 46}, "height": object{"step": 18},
		"data": object{"values": values},
		"mark": object{"type": "rect", "stroke": "white"},
		"encoding": object{
			"x": object{"field": "strategy", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelAngle": -45, "orient": "bottom"}},
			"y": object{"field": "layer", "type": "ordinal", "sort": "descending", "title": "grown layer"},
			"color": object{"field": "source", "type": "nominal", "title": "source layer",
				"scale": object{"domain": domain, "range": colors}},
			"tooltip": list{
				object{"field": "strategy", "type": "nominal"}, object{"field": "init", "type": "nominal"},
				object{"field": "layer", "type": "ordinal"}, object{"field": "source", "type": "nominal"}},
		},
	}
	if len(from) == 2 {
		spec["encoding"].(object)["row"] = object{"field": "stack", "type": "nominal", "sort": list{"encoder", "decoder"}, "title": nil}
	}
	return spec
}
