package chart

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Sizes of texts, in CSS pixels.
const (
	SizeTitle = 17
	SizeLabel = 14 // titles of axes and panels, names of bands
	SizeNote  = 13 // ticks, legends and texts
)

// Style is the look of a mark. Fields that do not apply to its kind are
// ignored.
type Style struct {
	Color color.NRGBA
	Width float64 // of lines
	Dash  Dash    // of lines and borders

	Shape  Shape
	Radius float64 // of points; for a Line, of dots at its points, 0 for none

	Border color.NRGBA // of bars; none if transparent
	Share  float64     // share of a band that a bar or a tick takes; 0 for all of it
	Offset float64     // of bars, from the middle of the band, as a share of the band

	Size   float64 // of texts; 0 for SizeNote
	Bold   bool
	Align  Align
	Dx, Dy float64 // offset of a text from its position, right and down
}

// Align is the part of a text that is at its position. Vertically it is the
// middle.
type Align int

const (
	Start Align = iota // the text extends to the right
	Middle
	End
)

// Dash is the pattern of a line. Patterns distinguish lines without color.
type Dash int

const (
	Solid Dash = iota
	Dashed
	Dotted
	DashDot
	DashDotDot
	dashes // number of patterns
)

// pattern returns the lengths of strokes and gaps, or nil for a solid line.
func (d Dash) pattern() []float64 {
	return [dashes][]float64{nil, {8, 3.5}, {2, 2.7}, {9, 2.7, 2, 2.7}, {9, 2.5, 2, 2.5, 2, 2.5}}[d%dashes]
}

// Shape is the shape of a point.
type Shape int

const (
	Circle Shape = iota
	Triangle
	Square
	Diamond
	Ring  // an unfilled circle
	Cross // diagonal
	OpenSquare
	Wedge // a triangle that points down
)

// viridisAnchors are samples of matplotlib's viridis at 0, 1/8, ..., 1.
var viridisAnchors = [9][3]float64{
	{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141},
	{39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37},
}

// viridis returns the color at t in [0, 1], from dark violet to yellow.
func viridis(t float64) color.NRGBA {
	x := max(0, min(1, t)) * float64(len(viridisAnchors)-1)
	i := min(int(x), len(viridisAnchors)-2)
	a, b, w := viridisAnchors[i], viridisAnchors[i+1], x-float64(i)
	mix := func(k int) uint8 { return uint8(math.Round(a[k] + w*(b[k]-a[k]))) }
	return color.NRGBA{mix(0), mix(1), mix(2), 0xff}
}

// OrderColor returns the color of the i-th of n ordered things. It avoids
// viridis's yellow end, which is invisible on white.
func OrderColor(i, n int) color.NRGBA {
	if n < 2 {
		return viridis(0.3)
	}
	return viridis(0.88 * float64(i) / float64(n-1))
}

// TextOn returns a readable text color for a background.
func TextOn(background color.NRGBA) color.NRGBA {
	if luminance(background) < 0.36 {
		return White
	}
	return Black
}

// luminance returns the relative luminance of a color on white as defined by
// WCAG 2.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		opacity := float64(c.A) / 255
		x := 1 - opacity + opacity*float64(v)/255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Pale mixes a color with white; t = 1 is white.
func Pale(c color.NRGBA, t float64) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(float64(v) + t*(255-float64(v)))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), c.A}
}

// Faint makes a color transparent; opacity 0 is invisible.
func Faint(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(255 * opacity))
	return c
}

// css formats a color for drawings on a page that may be dark.
func css(c color.NRGBA) string {
	if c == Ink {
		return "currentColor" // the color of the text around the drawing
	}
	return Hex(c)
}

// Hex formats a color in CSS notation: "#27818e", with two more digits if it is
// transparent.
func Hex(c color.NRGBA) string {
	const digits = "0123456789abcdef"
	parts := []uint8{c.R, c.G, c.B}
	if c.A != 0xff {
		parts = append(parts, c.A)
	}
	out := []byte("#")
	for _, v := range parts {
		out = append(out, digits[v>>4], digits[v&15])
	}
	return string(out)
}

// points converts CSS pixels to the lengths of gonum/plot.
func points(px float64) vg.Length { return vg.Points(px * 0.75) }

func textStyle(size float64, bold bool, c color.Color) text.Style {
	s := text.Style{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: points(size)}, Handler: plot.DefaultTextHandler}
	if bold {
		s.Font.Weight = xfont.WeightBold
	}
	return s
}

// TextWidth returns the width of a text.
func TextWidth(txt string, size float64, bold bool) float64 {
	return float64(textStyle(size, bold, Black).Width(txt)) / 0.75
}

// Shorten cuts a text to a width and marks the cut with an ellipsis.
func Shorten(txt string, size float64, bold bool, width float64) string {
	if TextWidth(txt, size, bold) <= width {
		return txt
	}
	runes := []rune(txt)
	for len(runes) > 1 && TextWidth(string(runes)+"…", size, bold) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
