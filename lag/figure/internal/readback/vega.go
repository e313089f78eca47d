package readback

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/figure/chart"
)

// Panel is a view of a Vega-Lite specification: its axes and contents.
type Panel struct {
	Title         string
	Width, Height float64
	X, Y          Axis
	Rows          []Row
}

// Axis is a position channel of a panel.
type Axis struct {
	Field, Title string
	Scale        string    // type of the scale; empty for a linear one
	Domain       []float64 // of numbers
	Bands        []string
	Labels       []string // of ticks or bands; empty if the axis is hidden or Vega chooses the ticks
}

// Row is an element of the data and the mark that draws it.
type Row struct {
	Mark   string
	Style  map[string]any // of the mark
	Values map[string]any
}

// Vega reads a Vega-Lite specification written by package chart. It returns the
// title and the lines of the caption, and the panels, of which a legend is the last.
func Vega(spec []byte) (titles []string, panels []Panel, err error) {
	var root map[string]any
	if err := json.Unmarshal(spec, &root); err != nil {
		return nil, nil, err
	}
	titles = titlesOf(root)
	delete(root, "title")
	err = walk(root, &panels)
	return titles, panels, err
}

func titlesOf(spec map[string]any) []string {
	title, _ := spec["title"].(map[string]any)
	var texts []string
	for _, key := range []string{"text", "subtitle"} {
		lines, ok := title[key].([]any)
		if !ok {
			lines = []any{title[key]}
		}
		for _, line := range lines {
			if text, ok := line.(string); ok && text != "" {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

func walk(spec map[string]any, panels *[]Panel) error {
	for _, key := range []string{"concat", "hconcat", "vconcat"} {
		if parts, ok := spec[key].([]any); ok {
			for _, part := range parts {
				if err := walk(part.(map[string]any), panels); err != nil {
					return err
				}
			}
			return nil
		}
	}
	p := Panel{Title: strings.Join(titlesOf(spec), " ")}
	p.Width, _ = spec["width"].(float64)
	p.Height, _ = spec["height"].(float64)
	if _, ok := spec["layer"]; !ok { // an empty cell of the grid
		return nil
	}
	if err := layers(spec, nil, nil, &p); err != nil {
		return err
	}
	*panels = append(*panels, p)
	return nil
}

// layers collects the data and marks of a view's layers, which inherit data and
// encoding.
func layers(spec map[string]any, data, encoding map[string]any, p *Panel) error {
	if own, ok := spec["data"].(map[string]any); ok {
		data = own
	}
	if own, ok := spec["encoding"].(map[string]any); ok {
		merged := maps.Clone(own)
		for channel, value := range encoding {
			if merged[channel] == nil {
				merged[channel] = value
			}
		}
		encoding = merged
	}
	if parts, ok := spec["layer"].([]any); ok {
		for _, part := range parts {
			if err := layers(part.(map[string]any), data, encoding, p); err != nil {
				return err
			}
		}
		return nil
	}
	mark, ok := spec["mark"].(map[string]any)
	values, ok2 := data["values"].([]any)
	if !ok || !ok2 || encoding == nil {
		return fmt.Errorf("a layer without mark, data or encoding: %v", spec)
	}
	var err error
	if p.X, err = axis(encoding["x"]); err != nil {
		return err
	}
	if p.Y, err = axis(encoding["y"]); err != nil {
		return err
	}
	for _, v := range values {
		p.Rows = append(p.Rows, Row{mark["type"].(string), mark, v.(map[string]any)})
	}
	return nil
}

var labelled = regexp.MustCompile(`\? '([^']*)'`)

func axis(channel any) (Axis, error) {
	c, ok := channel.(map[string]any)
	if !ok {
		return Axis{}, fmt.Errorf("a layer without a position")
	}
	a := Axis{Field: c["field"].(string)}
	a.Title, _ = c["title"].(string)
	scale, _ := c["scale"].(map[string]any)
	a.Scale, _ = scale["type"].(string)
	domain, _ := scale["domain"].([]any)
	for _, d := range domain {
		switch v := d.(type) {
		case string:
			a.Bands = append(a.Bands, v)
		case float64:
			a.Domain = append(a.Domain, v)
		}
	}
	shown, _ := c["axis"].(map[string]any)
	if shown == nil {
		a.Title = ""
		return a, nil
	}
	for _, name := range a.Bands {
		a.Labels = append(a.Labels, chart.Shorten(name, chart.SizeNote, true, shown["labelLimit"].(float64)))
	}
	if a.Bands != nil || shown["tickCount"] != nil {
		return a, nil
	}
	if expr, ok := shown["labelExpr"].(string); ok {
		for _, m := range labelled.FindAllStringSubmatch(expr, -1) {
			a.Labels = append(a.Labels, m[1])
		}
		return a, nil
	}
	var decimals int
	if _, err := fmt.Sscanf(fmt.Sprint(shown["format"]), ".%df", &decimals); err != nil {
		return a, fmt.Errorf("format %v: %w", shown["format"], err)
	}
	values, _ := shown["values"].([]any)
	for _, v := range values {
		a.Labels = append(a.Labels, chart.FormatFixed(v.(float64), decimals))
	}
	return a, nil
}

// Texts returns every text of a specification, sorted.
func Texts(titles []string, panels []Panel) []string {
	texts := slices.Clone(titles)
	for _, p := range panels {
		texts = append(texts, p.Title, p.X.Title, p.Y.Title)
		texts = append(append(texts, p.X.Labels...), p.Y.Labels...)
		for _, r := range p.Rows {
			if r.Mark == "text" {
				texts = append(texts, r.Values["text"].(string))
			}
		}
	}
	texts = slices.DeleteFunc(texts, func(t string) bool { return strings.TrimSpace(t) == "" })
	slices.Sort(texts)
	return texts
}

// Has reports whether a panel has a row with these values, drawn by a mark.
func (p Panel) Has(mark string, values map[string]any) bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool {
		if r.Mark != mark {
			return false
		}
		for name, want := range values {
			got, isNumber := r.Values[name].(float64)
			number, wantsNumber := want.(float64)
			if isNumber && wantsNumber {
				if d := got - number; d > 1e-9 || d < -1e-9 {
					return false
				}
			} else if r.Values[name] != want {
				return false
			}
		}
		return true
	})
}
