package chart

import "image/color"

// Colors of text and lines. Ink is the color of the page's own text: where the
// reader's page may be dark, as in a notebook, a drawing takes that page's text
// color for it. The greys are transparent or of middle luminance, so that they
// show on white and on black. The other colors are from the palette of Okabe
// and Ito (Color Universal Design, 2008).
var (
	Ink        = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	Grey       = color.NRGBA{0x77, 0x77, 0x77, 0xff}
	LightGrey  = color.NRGBA{0x77, 0x77, 0x77, 0x44}
	Black      = color.NRGBA{0x11, 0x11, 0x11, 0xff}
	White      = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	Blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	SkyBlue    = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	Green      = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	Vermillion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	Purple     = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
)

// seriesColors are the colors of series. A search chose them: of six colors that
// show on white and on black, those whose least difference from each other, from
// Vermillion and from Grey is largest, for readers with any color vision. A test
// measures the differences.
var seriesColors = [...]color.NRGBA{
	{0x11, 0x44, 0xff, 0xff}, // blue
	{0x00, 0x7a, 0x59, 0xff}, // green
	{0xdb, 0x98, 0x76, 0xff}, // tan
	{0x8a, 0x4b, 0x7f, 0xff}, // plum
	{0x10, 0xac, 0xe7, 0xff}, // sky
	{0xa2, 0x37, 0x14, 0xff}, // rust
}

// seriesShapes are the shapes of series, all filled.
var seriesShapes = [...]Shape{Circle, Triangle, Square, Diamond, Wedge}

// SeriesStyle returns the color, dash and shape of the i-th series of a result.
// Neighbors differ in color and dash. The first 25 differ in dash or shape, so
// that they can be told apart without color, and the first 30 in color or dash.
func SeriesStyle(i int) Style {
	i = max(i, 0)
	return Style{
		Color: seriesColors[i%len(seriesColors)], Dash: Dash(i % int(dashes)), Shape: seriesShapes[i/int(dashes)%len(seriesShapes)],
		Width: 2.2, Radius: 4.3,
	}
}

// Others is the style of series that a figure does not highlight.
func Others() Style {
	return Style{Color: Faint(Grey, 0.55), Width: 1.1, Radius: 3.4}
}
