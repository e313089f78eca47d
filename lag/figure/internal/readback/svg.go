// Package readback reads drawings for tests: the positions of the texts and
// circles of an SVG, and the panels, data and texts of a Vega-Lite
// specification. Lengths are CSS pixels from the upper left corner.
package readback

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/lag/figure/chart"
)

// Picture is the contents of an SVG.
type Picture struct {
	Width, Height float64
	Texts         []Text
	Circles       []Point
}

// Text is a text and its bounding box.
type Text struct {
	Text           string
	X0, Y0, X1, Y1 float64
}

// Point is the center of a circle.
type Point struct{ X, Y float64 }

// Overlaps reports whether two texts overlap.
func (t Text) Overlaps(o Text) bool {
	const slack = 0.5
	return t.X0+slack < o.X1 && o.X0+slack < t.X1 && t.Y0+slack < o.Y1 && o.Y0+slack < t.Y1
}

// Middle returns the coordinates of the middle of a text.
func (t Text) Middle() (x, y float64) { return (t.X0 + t.X1) / 2, (t.Y0 + t.Y1) / 2 }

// Find returns the texts equal to text.
func (p Picture) Find(text string) []Text {
	var found []Text
	for _, t := range p.Texts {
		if t.Text == text {
			found = append(found, t)
		}
	}
	return found
}

// matrix maps (x, y) to (a x + c y + e, b x + d y + f).
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) times(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b, m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

var (
	transforms = regexp.MustCompile(`(scale|translate|rotate)\(([^)]*)\)`)
	circles    = regexp.MustCompile(`^M([-\d.e+]+),([-\d.e+]+)A([-\d.e+]+),`)
	fontSize   = regexp.MustCompile(`font-size:([\d.]+)px`)
)

func parseTransform(text string) matrix {
	m := matrix{a: 1, d: 1}
	for _, found := range transforms.FindAllStringSubmatch(text, -1) {
		var v []float64
		for _, part := range strings.Split(found[2], ",") {
			v = append(v, parse(part))
		}
		switch found[1] {
		case "scale":
			m = m.times(matrix{a: v[0], d: v[len(v)-1]})
		case "translate":
			m = m.times(matrix{a: 1, d: 1, e: v[0], f: v[1]})
		case "rotate":
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			m = m.times(matrix{a: cos, b: sin, c: -sin, d: cos})
		}
	}
	return m
}

// parse parses a number; other text becomes NaN, which fails every comparison.
func parse(text string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// SVG reads an SVG written by package chart.
func SVG(svg []byte) (Picture, error) {
	const px = 96.0 / 72 // CSS pixels per point
	var p Picture
	stack := []matrix{{a: px, d: px}}
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		switch e := token.(type) {
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.StartElement:
			attribute := map[string]string{}
			for _, a := range e.Attr {
				attribute[a.Name.Local] = a.Value
			}
			here := stack[len(stack)-1].times(parseTransform(attribute["transform"]))
			stack = append(stack, here)
			switch e.Name.Local {
			case "svg":
				if _, err := fmt.Sscanf(attribute["viewBox"], "0 0 %g %g", &p.Width, &p.Height); err != nil {
					return p, fmt.Errorf("viewBox %q: %w", attribute["viewBox"], err)
				}
				p.Width, p.Height = p.Width*px, p.Height*px
			case "text":
				content, err := decoder.Token()
				if err != nil {
					return p, err
				}
				letters, ok := content.(xml.CharData)
				if !ok { // an empty text ends at once
					stack = stack[:len(stack)-1]
					continue
				}
				p.Texts = append(p.Texts, boxOf(string(letters), attribute, here))
			case "path":
				if m := circles.FindStringSubmatch(attribute["d"]); m != nil {
					x, y := here.apply(parse(m[1])-parse(m[3]), parse(m[2]))
					p.Circles = append(p.Circles, Point{x, y})
				}
			}
		}
	}
}

func boxOf(letters string, attribute map[string]string, here matrix) Text {
	size := math.NaN()
	if m := fontSize.FindStringSubmatch(attribute["style"]); m != nil {
		size = parse(m[1])
	}
	x, y := parse(attribute["x"]), parse(attribute["y"])
	width := chart.TextWidth(letters, size, strings.Contains(attribute["style"], "font-weight:bold"))
	t := Text{letters, math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, dx := range []float64{0, width} {
		for _, dy := range []float64{-0.72 * size, 0.2 * size} { // from capitals to descenders
			px, py := here.apply(x+dx, y+dy)
			t.X0, t.X1, t.Y0, t.Y1 = min(t.X0, px), max(t.X1, px), min(t.Y0, py), max(t.Y1, py)
		}
	}
	return t
}
