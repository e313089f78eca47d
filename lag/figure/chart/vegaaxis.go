package chart

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// tooltip returns the fields of a mark to show in tooltips.
func (c Chart) tooltip(p Panel, m Mark) list {
	var out list
	number := func(field string) {
		out = append(out, object{"field": field, "type": "quantitative", "format": ".4~f"})
	}
	name := func(field string) { out = append(out, object{"field": field, "type": "nominal"}) }
	if m.Series != "" && !p.X.Hidden {
		name(c.series())
	}
	for i, a := range []Axis{p.X, p.Y} {
		switch {
		case a.Hidden || m.Loose || m.Kind == Segments:
		case a.Bands != nil:
			name(a.Name)
		default:
			number(a.Name)
			if m.Kind == Area && i == 1 {
				number(a.Name + "_to")
			}
		}
	}
	for _, tip := range m.Data[0].Tips {
		if _, ok := tip.Value.(float64); ok {
			number(tip.Name)
		} else {
			name(tip.Name)
		}
	}
	return out
}

// datum returns a position as a value in the data: a number or the name of a
// band.
func (a Axis) datum(v float64) any {
	if a.Bands == nil {
		return v
	}
	return a.Bands[max(0, min(len(a.Bands)-1, int(v+0.5)))]
}

// channel returns the encoding of a position on an axis of some length. If the
// axis can be zoomed, Vega chooses the ticks.
func (a Axis) channel(orient string, length float64, zoom bool) object {
	channel := object{"field": a.Name, "type": "quantitative", "title": a.Title}
	if a.Title == "" {
		channel["title"] = nil
	}
	scale := object{"domain": list{a.Min, a.Max}, "nice": false, "zero": false}
	axis := object{"orient": orient}
	switch {
	case a.Bands != nil:
		channel["type"], channel["sort"] = "nominal", nil
		scale = object{"type": "band", "domain": a.Bands, "padding": 0}
		axis["labelFontSize"] = a.labelSize(length)
		axis["ticks"], axis["labelLimit"], axis["labelPadding"] = false, bandWidth, tickSize+4
		if a.Slant {
			axis["labelAngle"], axis["labelAlign"] = -34, "right"
		} else if orient == "bottom" {
			axis["labelAngle"] = 0
		}
		var marked []string
		for i, name := range a.Bands {
			if a.marked(i) {
				marked = append(marked, name)
			}
		}
		if marked != nil {
			names, _ := json.Marshal(marked) // marshaling strings cannot fail
			test := "indexof(" + string(names) + ", datum.value) >= 0"
			axis["labelColor"] = object{"condition": object{"test": test, "value": css(Vermillion)}, "value": css(Ink)}
			axis["labelFontWeight"] = object{"condition": object{"test": test, "value": "bold"}, "value": "normal"}
		}
	case a.Log1p:
		scale = object{"type": "symlog", "constant": 1, "domain": list{a.Min, a.Max}, "nice": false}
		fallthrough
	default:
		if zoom {
			axis["tickCount"] = len(a.Ticks)
			break
		}
		at := list{}
		for _, t := range a.Ticks {
			at = append(at, t.At)
		}
		axis["values"], axis["labelOverlap"] = at, "greedy"
		a.format(axis)
	}
	channel["scale"], channel["axis"] = scale, axis
	if a.Hidden {
		channel["axis"] = nil
	}
	return channel
}

// format sets the labels of an axis to those of the ticks, by a number of
// decimals or one by one.
func (a Axis) format(axis object) {
	for decimals := range 8 {
		if !slices.ContainsFunc(a.Ticks, func(t Tick) bool { return FormatFixed(t.At, decimals) != t.Label }) {
			axis["format"] = fmt.Sprintf(".%df", decimals)
			return
		}
	}
	expr := "''"
	for _, t := range slices.Backward(a.Ticks) {
		expr = fmt.Sprintf("datum.value == %s ? '%s' : %s", strconv.FormatFloat(t.At, 'g', -1, 64), t.Label, expr)
	}
	axis["labelExpr"] = expr
}
