package chart

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Vega-Lite specification is JSON: objects and lists.
type (
	object = map[string]any
	list   = []any
)

// VegaLite returns the chart as a Vega-Lite v5 specification with its data inside.
func (c Chart) VegaLite() ([]byte, error) { return json.Marshal(c.spec()) }

func (c Chart) spec() object {
	all, columns := c.panels()
	var grid list
	for i, p := range all {
		grid = append(grid, c.panelSpec(p, i))
	}
	spec := object{}
	switch {
	case len(grid) == 1:
		spec = grid[0].(object)
	case len(grid) > 1:
		spec = object{"concat": grid, "columns": columns, "resolve": independent()}
	}
	l := c.layout()
	if legend := c.Legend.panel(c.Legend.lines(l.width-2*border, 0)); !legend.empty() {
		of := c.panelSpec(legend, len(all))
		if c.Legend.Below {
			spec = object{"vconcat": list{spec, of}, "resolve": independent()}
		} else {
			spec = object{"hconcat": list{spec, of}, "resolve": independent()}
		}
	}
	spec["$schema"] = "https://vega.github.io/schema/vega-lite/v5.json"
	title := object{"text": c.Title, "anchor": "start"}
	var caption list
	for _, line := range l.texts {
		if line.size == SizeNote { // the others are the title
			caption = append(caption, line.text)
		}
	}
	if caption != nil {
		title["subtitle"] = caption
	}
	spec["title"], spec["description"], spec["config"], spec["padding"] = title, c.Alt, config(), border
	spec["background"] = "transparent" // a notebook may be dark
	return spec
}

// independent gives each panel and each layer its own color scale.
func independent() object {
	return object{"scale": object{"color": "independent", "strokeDash": "independent"}}
}

// config makes Vega-Lite look like the other drawing.
func config() object {
	font := strings.ReplaceAll(fonts, "'", "")
	return object{
		"font": font, "view": object{"stroke": nil}, "concat": object{"spacing": gapX},
		"axis": object{
			"labelFontSize": SizeNote, "titleFontSize": SizeLabel, "titleFontWeight": "normal", "labelColor": css(Ink), "titleColor": css(Ink),
			"gridColor": css(LightGrey), "domainColor": css(Grey), "tickColor": css(Grey), "tickSize": tickSize,
		},
		"title": object{"fontSize": SizeTitle, "color": css(Ink), "subtitleFontSize": SizeNote, "subtitleColor": css(Grey), "subtitlePadding": 5},
	}
}

// panelSpec returns the i-th panel as layers.
func (c Chart) panelSpec(p Panel, i int) object {
	if p.empty() {
		return object{"width": 1, "height": 1, "data": object{"values": list{object{}}}, "mark": object{"type": "point", "opacity": 0}}
	}
	marks := make([]Mark, 0, len(p.Marks))
	for _, m := range p.Marks {
		if m = p.within(m); len(m.Data) > 0 {
			marks = append(marks, m)
		}
	}
	var layers list
	zooms, chooses := p.Zoom, c.Choose && p.X.Hidden
	for len(marks) > 0 {
		g := group(marks)
		layer := c.layer(p, g)
		switch {
		case zooms && g.marks[0].Kind == Line:
			zooms = false
			unit, _ := layer["layer"].(list)[0].(object) // the line of the layer; its points are separate
			unit["params"] = list{object{"name": fmt.Sprint("zoom", i), "select": object{"type": "interval", "encodings": list{"x", "y"}}, "bind": "scales"}}
		case chooses && g.marks[0].Kind == Texts && g.marks[0].Series != "":
			chooses = false
			layer["params"] = list{object{"name": "chosen", "select": object{"type": "point", "fields": list{c.series()}}}}
		}
		layers = append(layers, layer)
		marks = marks[len(g.marks):]
	}
	if hover := c.hoverLayer(p, i); hover != nil {
		layers = append(layers, hover)
	}
	if layers == nil { // only the axes
		at := Mark{Kind: Points, Style: Style{Color: Faint(White, 0), Radius: 1}, Data: []Datum{{X: p.X.Min, Y: p.Y.Min}}, Loose: true}
		layers = list{c.layer(p, group([]Mark{at}))}
	}
	spec := object{"width": p.Width, "height": p.Height, "layer": layers, "resolve": independent()}
	if p.Title != "" {
		spec["title"] = object{"text": p.Title, "anchor": "middle", "fontSize": SizeLabel, "fontWeight": "normal"}
	}
	return spec
}

func (c Chart) series() string {
	if c.Series == "" {
		return "series"
	}
	return c.Series
}

// A layerGroup is the marks of one layer: marks with the same style, or lines
// whose color and dash depend on their series.
type layerGroup struct {
	marks  []Mark
	series []string         // if the styles differ, in order
	styles map[string]Style // by series
}

// group returns as many of the first marks as fit into one layer.
func group(marks []Mark) layerGroup {
	first := marks[0]
	g := layerGroup{styles: map[string]Style{first.Series: first.Style}, series: []string{first.Series}}
	same := true
	for _, m := range marks {
		if m.Kind != first.Kind || (m.Series == "") != (first.Series == "") {
			break
		}
		style, known := g.styles[m.Series]
		like := m.Style
		like.Color, like.Dash = first.Style.Color, first.Style.Dash
		byStyle := same && m.Style == first.Style
		bySeries := m.Series != "" && slices.Contains([]Kind{Line, Area, Segments}, m.Kind) && like == first.Style && (!known || style == m.Style)
		if !byStyle && !bySeries {
			break
		}
		same = byStyle
		if !known {
			g.styles[m.Series], g.series = m.Style, append(g.series, m.Series)
		}
		g.marks = append(g.marks, m)
	}
	if same {
		g.series = nil
	}
	return g
}

// beyond reports whether data extends outside the area and must be clipped.
func (g layerGroup) beyond(p Panel) bool {
	if p.Zoom {
		return true
	}
	for _, m := range g.marks {
		for _, d := range m.Data {
			if !p.X.holds(d.X) || !p.Y.holds(d.Y) || m.Kind == Segments && (!p.X.holds(d.X2) || !p.Y.holds(d.Y2)) || m.Kind == Area && !p.Y.holds(d.Y2) {
				return true
			}
		}
	}
	return false
}

// layer returns a group of marks as a layer of a panel.
func (c Chart) layer(p Panel, g layerGroup) object {
	first := g.marks[0]
	encoding := object{"x": p.X.channel("bottom", p.Width, p.Zoom), "y": p.Y.channel("left", p.Height, p.Zoom)}
	if p.X.Bands == nil && (first.Kind == Segments || first.Kind == Bars) {
		encoding["x2"] = object{"field": p.X.Name + "_to"}
	}
	if p.Y.Bands == nil && (first.Kind == Segments || first.Kind == Bars || first.Kind == Area) {
		encoding["y2"] = object{"field": p.Y.Name + "_to"}
	}
	if first.Kind == Texts {
		encoding["text"] = object{"field": "text", "type": "nominal"}
	} else if tips := c.tooltip(p, first); len(tips) > 0 && !c.hovers(p, first) {
		encoding["tooltip"] = tips
	}
	if detail := g.detail(c.series()); detail != nil {
		encoding["detail"] = detail
	}
	g.scales(c.series(), encoding)
	if c.Choose && first.Series != "" && first.Kind != Texts {
		encoding["opacity"] = object{"condition": object{"param": "chosen", "value": 1}, "value": 0.12}
	}
	if c.hovers(p, first) {
		c.embolden(g, encoding)
	}
	unit := object{"data": object{"values": c.rows(p, g, encoding)}, "mark": first.spec(p, g.beyond(p)), "encoding": encoding}
	if first.Kind == Line && (encoding["tooltip"] != nil || first.Style.Radius > 0) {
		return withPoints(unit, first.Style)
	}
	return unit
}

// rows returns the data of a group, with the fields that the encoding names.
func (c Chart) rows(p Panel, g layerGroup, encoding object) (values list) {
	pieces := map[string]int{} // number of pieces so far, by series
	for _, m := range g.marks {
		for _, d := range m.Data {
			row := object{p.X.Name: p.X.datum(d.X), p.Y.Name: p.Y.datum(d.Y)}
			if encoding["x2"] != nil {
				row[p.X.Name+"_to"] = d.X2
			}
			if encoding["y2"] != nil {
				row[p.Y.Name+"_to"] = d.Y2
			}
			if m.Series != "" {
				row[c.series()] = m.Series
			}
			if m.Kind == Texts {
				row["text"] = d.Text
			}
			if g.broken() {
				row["piece"] = pieces[m.Series]
			}
			for _, tip := range d.Tips {
				row[tip.Name] = tip.Value
			}
			values = append(values, row)
		}
		pieces[m.Series]++
	}
	return values
}

// broken reports whether the line or area of some series has several pieces.
func (g layerGroup) broken() bool {
	return (g.marks[0].Kind == Line || g.marks[0].Kind == Area) && len(g.marks) > len(g.styles)
}

// detail returns the fields that separate lines and areas.
func (g layerGroup) detail(series string) (fields list) {
	first := g.marks[0]
	if first.Series != "" && (first.Kind == Line || first.Kind == Area) {
		fields = append(fields, object{"field": series, "type": "nominal"})
	}
	if g.broken() {
		fields = append(fields, object{"field": "piece", "type": "nominal"})
	}
	return fields
}

// withPoints adds points to a line for tooltips. They are visible if the style
// has a radius.
func withPoints(line object, s Style) object {
	encoding := line["encoding"].(object)
	points := object{"tooltip": encoding["tooltip"]}
	mark := object{"type": "point", "filled": true, "size": 80, "opacity": 0, "clip": line["mark"].(object)["clip"]}
	if s.Radius > 0 {
		mark["size"], mark["opacity"], mark["color"] = math.Pi*s.Radius*s.Radius, 1, css(s.Color)
	}
	shared := object{"x": encoding["x"], "y": encoding["y"]}
	for channel := range shared {
		delete(encoding, channel)
	}
	delete(encoding, "tooltip")
	data := line["data"]
	delete(line, "data")
	return object{"data": data, "encoding": shared, "layer": list{line, object{"mark": mark, "encoding": points}}}
}

// scales sets the color and dash of each series of a group.
func (g layerGroup) scales(field string, encoding object) {
	if g.series == nil {
		return
	}
	var colors, patterns list
	for _, name := range g.series {
		colors, patterns = append(colors, css(g.styles[name].Color)), append(patterns, g.styles[name].Dash.spec())
	}
	for channel, values := range map[string]list{"color": colors, "strokeDash": patterns} {
		if g.marks[0].Kind != Area || channel == "color" {
			encoding[channel] = object{"field": field, "type": "nominal", "legend": nil, "scale": object{"domain": g.series, "range": values}}
		}
	}
}

func (d Dash) spec() list {
	out := list{}
	for _, length := range d.pattern() {
		out = append(out, length)
	}
	if len(out) == 0 {
		return list{1, 0}
	}
	return out
}
