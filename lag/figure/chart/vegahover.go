package chart

import (
	"fmt"
	"slices"
)

// hovers reports whether a line is named at the pointer by its panel.
func (c Chart) hovers(p Panel, m Mark) bool {
	return c.Hover && m.Kind == Line && m.Series != "" && !p.X.Hidden
}

// hovered is the condition that the pointer is at a series, in any panel.
func (c Chart) hovered(value any) object {
	var any list
	all, _ := c.panels()
	for i, p := range all {
		if slices.ContainsFunc(p.Marks, func(m Mark) bool { return c.hovers(p, m) }) {
			any = append(any, object{"param": hoverName(i), "empty": false})
		}
	}
	return object{"test": object{"or": any}, "value": value}
}

func hoverName(panel int) string { return fmt.Sprint("hovered", panel) }

func nearestName(panel int) string { return fmt.Sprint("nearest", panel) }

// embolden makes the line at the pointer wide and, if it is grey, dark.
func (c Chart) embolden(g layerGroup, encoding object) {
	s := g.marks[0].Style
	encoding["strokeWidth"] = object{"condition": c.hovered(s.Width + 1.8), "value": s.Width}
	if g.series == nil && s.Color.R == s.Color.G && s.Color.G == s.Color.B {
		encoding["color"] = object{"condition": c.hovered(css(Ink)), "value": css(s.Color)}
	}
}

// hoverLayer returns a layer of invisible points on all lines of the i-th panel.
// The nearest to the pointer appears, with its tooltip, and its line stands out.
// There can be only one such layer: each covers those below it.
func (c Chart) hoverLayer(p Panel, i int) object {
	var g layerGroup
	for _, m := range p.Marks {
		if m = p.within(m); c.hovers(p, m) && len(m.Data) > 0 {
			g.marks = append(g.marks, m)
		}
	}
	if len(g.marks) == 0 {
		return nil
	}
	tips := c.tooltip(p, g.marks[0])
	encoding := object{"x": p.X.channel("bottom", p.Width, p.Zoom), "y": p.Y.channel("left", p.Height, p.Zoom), "tooltip": tips,
		"opacity": object{"condition": object{"param": nearestName(i), "empty": false, "value": 1}, "value": 0}}
	selects := object{"type": "point", "fields": list{c.series()}, "on": "pointerover", "clear": "pointerout", "nearest": true}
	// One by series alone would show all points of the line.
	nearest := object{"type": "point", "on": "pointerover", "clear": "pointerout", "nearest": true}
	return object{"data": object{"values": c.rows(p, g, encoding)}, "encoding": encoding,
		"mark":   object{"type": "point", "filled": true, "size": 30, "color": css(Ink), "clip": g.beyond(p)},
		"params": list{object{"name": hoverName(i), "select": selects}, object{"name": nearestName(i), "select": nearest}}}
}
