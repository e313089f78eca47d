package figure

// A Vega-Lite specification is JSON: objects and lists.
type (
	object = map[string]any
	list   = []any
)

// symlogSteps returns the x channel for training steps, with the scale that
// stepAxis has.
func symlogSteps(last int) object {
	var ticks list
	for _, v := range stepTickValues(last) {
		ticks = append(ticks, v)
	}
	return object{
		"field": "step", "type": "quantitative", "title": "step after growing",
		"scale": object{"type": "symlog", "constant": 1, "domain": list{0, max(last, 1)}},
		"axis":  object{"values": ticks},
	}
}

// tooltip returns a tooltip that shows the fields. Numbers get four significant
// digits, names and steps are shown as they are.
func tooltip(fields ...string) list {
	var out list
	for _, f := range fields {
		channel := object{"field": f, "type": "nominal"}
		if f != "strategy" && f != "rule" && f != "step" && f != "measure" {
			channel["type"], channel["format"] = "quantitative", ".4~f"
		}
		out = append(out, channel)
	}
	return out
}
