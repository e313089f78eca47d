package chart_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/figure/internal/readback"
)

// every returns a chart with marks of every kind, on numbers and on bands.
func every() chart.Chart {
	numbers := chart.Panel{Title: "numbers", Width: 200, Height: 100, X: chart.Steps("step", "steps", 100), Y: chart.Values("loss", "loss", 2, 4, 5)}
	numbers.Marks = []chart.Mark{
		{Kind: chart.Area, Series: "one", Style: chart.Style{Color: chart.Faint(chart.Blue, 0.2)}, Data: []chart.Datum{{X: 0, Y: 2, Y2: 3}, {X: 100, Y: 2, Y2: 4}}},
		{Kind: chart.Line, Series: "one", Style: chart.Style{Color: chart.Blue, Width: 2}, Data: []chart.Datum{{X: 0, Y: 3}, {X: 100, Y: 2.5}}},
		{Kind: chart.Line, Series: "two", Style: chart.Style{Color: chart.Green, Width: 2, Dash: chart.Dashed}, Data: []chart.Datum{{X: 0, Y: 4}, {X: 100, Y: 5}}},
		{Kind: chart.Line, Series: "two", Style: chart.Style{Color: chart.Green, Width: 2, Dash: chart.Dashed}, Data: []chart.Datum{{X: 10, Y: 3}}},
		{Kind: chart.Segments, Style: chart.Style{Color: chart.Grey, Width: 1}, Data: []chart.Datum{{X: 9, Y: 2, X2: 9, Y2: 4}}},
		{Kind: chart.Points, Style: chart.Style{Color: chart.Black, Radius: 3}, Data: []chart.Datum{{X: 9, Y: 3, Tips: []chart.Tip{{Name: "seed", Value: int64(7)}}}, {X: 9, Y: 9}, {X: math.NaN(), Y: 3}}},
		{Kind: chart.Texts, Style: chart.Style{Color: chart.Black, Dx: 20}, Data: []chart.Datum{{X: 100, Y: 3, Text: "beside the panel"}}},
	}
	bands := chart.Panel{Width: 200, Height: 60, X: chart.Values("share", "share", 0, 1, 3), Y: chart.Names("name", []string{"first", "second"})}
	bands.Y.Marked = []bool{false, true}
	bands.Marks = []chart.Mark{
		{Kind: chart.Bars, Style: chart.Style{Color: chart.SkyBlue, Share: 0.5}, Data: []chart.Datum{{X: 0.5, Y: 1, Y2: 1}}},
		{Kind: chart.Ticks, Style: chart.Style{Color: chart.Black, Width: 2}, Data: []chart.Datum{{X: 0.25, Y: 0}}},
	}
	for shape := range chart.OpenSquare + 1 {
		bands.Marks = append(bands.Marks, chart.Mark{Kind: chart.Points, Style: chart.Style{Color: chart.Black, Radius: 4, Shape: shape}, Data: []chart.Datum{{X: float64(shape) / 6, Y: 0}}})
	}
	legend := chart.Legend{Title: "series", Entries: []chart.Entry{
		{Label: "one", Series: "one", Kind: chart.Line, Style: chart.Style{Color: chart.Blue, Width: 2}},
		{Label: strings.Repeat("a long name ", 30), Series: "two", Kind: chart.Bars, Style: chart.Style{Color: chart.Green}, Text: "2"},
		{Label: "a point", Kind: chart.Points, Style: chart.Style{Color: chart.Black, Radius: 3}},
	}}
	return chart.Chart{Title: "<All>", Caption: "below", Alt: "what & how", Rows: [][]chart.Panel{{numbers, bands}, {bands}}, Legend: legend, Series: "series", Choose: true}
}

func read(t *testing.T, c chart.Chart) (readback.Picture, []readback.Panel) {
	t.Helper()
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := readback.SVG(svg)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := c.VegaLite()
	if err != nil {
		t.Fatal(err)
	}
	_, panels, err := readback.Vega(spec)
	if err != nil {
		t.Fatal(err)
	}
	return picture, panels
}

func TestEveryKind(t *testing.T) {
	c := every()
	for _, c.Legend.Below = range []bool{false, true} {
		picture, panels := read(t, c)
		if w, h := c.Size(); math.Abs(picture.Width-float64(w)) > 0.1 || math.Abs(picture.Height-float64(h)) > 0.1 {
			t.Errorf("the SVG has %v x %v, want %d x %d", picture.Width, picture.Height, w, h)
		}
		for i, text := range picture.Texts {
			if text.X0 < 0 || text.Y0 < 0 || text.X1 > picture.Width || text.Y1 > picture.Height {
				t.Errorf("%q leaves the picture: %+v", text.Text, text)
			}
			for _, other := range picture.Texts[:i] {
				if text.Overlaps(other) {
					t.Errorf("%+v overlaps %+v", text, other)
				}
			}
		}
		type row = map[string]any
		for _, want := range []struct {
			panel int
			mark  string
			row   row
		}{
			{0, "line", row{"series": "two", "step": 100.0, "loss": 5.0, "piece": 0.0}},
			{0, "line", row{"series": "two", "step": 10.0, "piece": 1.0}},
			{0, "area", row{"series": "one", "step": 100.0, "loss": 2.0, "loss_to": 4.0}},
			{0, "rule", row{"step": 9.0, "step_to": 9.0, "loss": 2.0, "loss_to": 4.0}},
			{0, "point", row{"step": 9.0, "loss": 3.0, "seed": 7.0}},
			{0, "text", row{"text": "beside the panel"}},
			{1, "bar", row{"name": "second", "share": 0.5, "share_to": 0.0}},
			{1, "tick", row{"name": "first", "share": 0.25}},
			{3, "text", row{"series": "one", "text": "one"}},
		} {
			if !panels[want.panel].Has(want.mark, want.row) {
				t.Errorf("panel %d has no %s with %v", want.panel, want.mark, want.row)
			}
		}
		if panels[0].Has("point", row{"step": 9.0, "loss": 9.0}) {
			t.Error("a point outside the axes is drawn")
		}
	}
}

// TestGrid checks that both drawings place values alike: the labels of bands in
// the SVG have the same distances as the bands in Vega-Lite.
func TestGrid(t *testing.T) {
	picture, panels := read(t, every())
	if len(panels) != 4 { // three and the legend
		t.Fatalf("%d panels", len(panels))
	}
	first, second := picture.Find("first"), picture.Find("second")
	if len(first) != 2 || len(second) != 2 {
		t.Fatalf("the names of bands are at %+v and %+v", first, second)
	}
	_, y0 := first[0].Middle()
	_, y1 := second[0].Middle()
	if step := panels[1].Height / 2; math.Abs(y1-y0-step) > 0.5 {
		t.Errorf("bands are %v apart, want %v", y1-y0, step)
	}
}

// TestChoose checks that a click on the legend selects a series, and that its
// parameters are in one layer, as Vega requires.
func TestChoose(t *testing.T) {
	c := every()
	spec, err := c.VegaLite()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(spec, []byte(`"params":`)); n != 1 {
		t.Errorf("%d parameters, want 1", n)
	}
	if !bytes.Contains(spec, []byte(`"opacity":{"condition":{"param":"chosen","value":1},"value":0.12}`)) {
		t.Error("lines do not become pale")
	}
	c.Choose = false
	if spec, err = c.VegaLite(); err != nil || bytes.Contains(spec, []byte("chosen")) {
		t.Errorf("a chart without a choice has one, %v", err)
	}
}

// TestLayers checks that lines of the same width are one layer, with a color
// and a dash for each series.
func TestLayers(t *testing.T) {
	c := every()
	c.Rows, c.Legend = [][]chart.Panel{c.Rows[0][:1]}, chart.Legend{}
	data, err := c.VegaLite()
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Layer []struct {
			Layer []struct {
				Mark     struct{ Type string }
				Encoding struct {
					Color struct {
						Scale struct{ Domain, Range []string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	if n := len(spec.Layer); n != 5 { // area, lines, segment, point, text
		t.Errorf("%d layers, want 5", n)
	}
	scale := spec.Layer[1].Layer[0].Encoding.Color.Scale
	if !slices.Equal(scale.Domain, []string{"one", "two"}) || !slices.Equal(scale.Range, []string{"#0072b2", "#009e73"}) {
		t.Errorf("series are coloured %+v", scale)
	}
}

func TestAxes(t *testing.T) {
	for _, a := range []chart.Axis{chart.Steps("", "", 600), chart.Values("", "", -3, 5, 4)} {
		for _, v := range []float64{0, 1, 4.5} {
			if got := a.Value(a.Place(v)); math.Abs(got-v) > 1e-9 {
				t.Errorf("%v lies at %v, where %v is", v, a.Place(v), got)
			}
		}
	}
	if got := chart.Names("", []string{"a", "b", "c", "d"}).Place(1); got != 0.375 {
		t.Errorf("the second of four bands lies at %v", got)
	}
	for v, want := range map[float64]string{-0.25: "−0.25", 0.1: "0.10", -0.001: "0.00", 12: "12.00"} {
		if got := chart.FormatFixed(v, 2); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
	if lo, hi := chart.Extent([]float64{math.Inf(1), 2, math.NaN(), 4}, 0.1); lo != 1.8 || hi != 4.2 {
		t.Errorf("2 to 4 with a tenth more is %v to %v", lo, hi)
	}
}

// TestNarrowAxis checks that both drawings omit ticks whose labels would
// overlap.
func TestNarrowAxis(t *testing.T) {
	p := chart.Panel{Width: 120, Height: 80, X: chart.Steps("step", "", 123456), Y: chart.Values("y", "", 0, 1, 3)}
	picture, panels := read(t, chart.Chart{Rows: [][]chart.Panel{{p}}})
	if len(picture.Find("123456")) != 1 || len(picture.Find("0")) != 1 || len(panels[0].X.Labels) < 3 || len(panels[0].X.Labels) > 6 {
		t.Errorf("labels are %q", panels[0].X.Labels)
	}
	for i, a := range picture.Texts {
		for _, b := range picture.Texts[:i] {
			if a.Overlaps(b) {
				t.Errorf("%+v overlaps %+v", a, b)
			}
		}
	}
}

func TestColors(t *testing.T) {
	if got := chart.Hex(chart.Faint(chart.Blue, 0.5)); got != "#0072b280" {
		t.Errorf("half of blue is %s", got)
	}
	if chart.TextOn(chart.Black) != chart.White || chart.TextOn(chart.LightGrey) != chart.Black {
		t.Error("texts can't be read")
	}
	if got := chart.Shorten("a long name", chart.SizeNote, false, 40); chart.TextWidth(got, chart.SizeNote, false) > 40 || !strings.HasPrefix(got, "a lo") || !strings.HasSuffix(got, "…") {
		t.Errorf("shortened to %q", got)
	}
}
