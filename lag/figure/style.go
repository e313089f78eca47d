package figure

import (
	"image/color"
	"math"
	"strconv"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Font sizes.
const (
	sizeTitle = 12.0 // points
	sizeLabel = 10.5
	sizeTick  = 9.5
	sizeNote  = 9.5
)

// The palette of Okabe and Ito (Color Universal Design, 2008).
var (
	black      = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	grey       = color.NRGBA{0x77, 0x77, 0x77, 0xff}
	lightGrey  = color.NRGBA{0xdd, 0xdd, 0xdd, 0xff}
	blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	skyBlue    = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	green      = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	vermillion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	purple     = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
)

// viridisAnchors are samples of matplotlib's viridis at 0, 1/8, ..., 1.
var viridisAnchors = [9][3]float64{
	{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141},
	{39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37},
}

// viridis returns the colour at t in [0, 1], from dark violet to yellow.
func viridis(t float64) color.NRGBA {
	x := max(0, min(1, t)) * float64(len(viridisAnchors)-1)
	i := min(int(x), len(viridisAnchors)-2)
	a, b, w := viridisAnchors[i], viridisAnchors[i+1], x-float64(i)
	mix := func(k int) uint8 { return uint8(math.Round(a[k] + w*(b[k]-a[k]))) }
	return color.NRGBA{mix(0), mix(1), mix(2), 0xff}
}

// orderColor returns the colour of the i-th of n things that have an order. It
// keeps clear of viridis's yellow end, which can't be seen on white.
func orderColor(i, n int) color.NRGBA {
	if n < 2 {
		return viridis(0.3)
	}
	return viridis(0.88 * float64(i) / float64(n-1))
}

func hex(c color.NRGBA) string {
	const digits = "0123456789abcdef"
	out := []byte("#")
	for _, v := range []uint8{c.R, c.G, c.B} {
		out = append(out, digits[v>>4], digits[v&15])
	}
	return string(out)
}

func withAlpha(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// dashes tell neighbouring lines apart without colour.
var dashes = [][]vg.Length{
	nil,
	{vg.Points(6), vg.Points(2.5)},
	{vg.Points(1.5), vg.Points(2)},
	{vg.Points(7), vg.Points(2), vg.Points(1.5), vg.Points(2)},
}

func lineStyle(c color.Color, points float64, dash int) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Points(points), Dashes: dashes[dash%len(dashes)]}
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

func textStyle(size float64, c color.Color) text.Style {
	return text.Style{Color: c, Font: sans(size), Handler: plot.DefaultTextHandler}
}

func bold(s text.Style) text.Style {
	s.Font.Weight = xfont.WeightBold
	return s
}

// newPlot returns an empty plot in the style of this package.
func newPlot(title, xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(sizeTitle)
	p.Title.TextStyle.Color = black
	p.Title.Padding = vg.Points(5)
	p.Legend.TextStyle.Font = sans(sizeNote)
	for axis, label := range map[*plot.Axis]string{&p.X: xLabel, &p.Y: yLabel} {
		axis.Label.Text = label
		axis.Label.TextStyle.Font = sans(sizeLabel)
		axis.Label.TextStyle.Color = black
		axis.Label.Padding = vg.Points(3)
		axis.Tick.Label.Font = sans(sizeTick)
		axis.Tick.Label.Color = black
		axis.LineStyle = lineStyle(grey, 0.75, 0)
		axis.Tick.LineStyle = lineStyle(grey, 0.75, 0)
		axis.Tick.Length = vg.Points(4)
		axis.Tick.Marker = decimalTicks{5}
	}
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	grid := plotter.NewGrid()
	grid.Horizontal = lineStyle(lightGrey, 0.5, 0)
	grid.Vertical = lineStyle(lightGrey, 0.5, 0)
	p.Add(grid)
	return p
}

// stepAxis makes an axis of training steps from 0 to last whose early steps take
// up as much room as the late ones: positions are log(1 + step).
func stepAxis(a *plot.Axis, last int) {
	a.Scale = log1pScale{}
	a.Tick.Marker = stepTicks{last}
	a.Min, a.Max = 0, float64(max(last, 1))
}

type log1pScale struct{}

// Normalize implements [plot.Normalizer].
func (log1pScale) Normalize(lo, hi, x float64) float64 {
	lo, hi, x = math.Log1p(lo), math.Log1p(hi), math.Log1p(max(x, 0))
	return (x - lo) / (hi - lo)
}

// stepTicks are the ticks 0, 1, 2, 5, 10, 20, 50, ... and last.
type stepTicks struct{ last int }

// Ticks implements [plot.Ticker].
func (s stepTicks) Ticks(_, _ float64) []plot.Tick {
	var ticks []plot.Tick
	for _, v := range stepTickValues(s.last) {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: formatStep(v)})
	}
	return ticks
}

// stepTickValues returns 0, 1, 2, 5, 10, ... and last, leaving out what would
// run into its neighbour.
func stepTickValues(last int) []int {
	values := []int{0}
	factors := []int{1, 2, 5}
	if last > 20000 {
		factors = []int{1} // five decades: no room for more
	}
	for decade := 1; decade <= last; decade *= 10 {
		for _, f := range factors {
			if v := f * decade; float64(v) <= 0.7*float64(last) {
				values = append(values, v)
			}
		}
	}
	return append(values, last)
}

func formatStep(v int) string {
	if v >= 10000 && v%1000 == 0 {
		return strconv.Itoa(v/1000) + "k"
	}
	return strconv.Itoa(v)
}

// decimalTicks are at most n ticks at multiples of 1, 2 or 5 times a power of
// ten, all labelled, with the same number of decimals.
type decimalTicks struct{ n int }

// Ticks implements [plot.Ticker].
func (d decimalTicks) Ticks(lo, hi float64) []plot.Tick {
	if !(hi > lo) {
		return []plot.Tick{{Value: lo, Label: strconv.FormatFloat(lo, 'g', 4, 64)}}
	}
	exponent := math.Floor(math.Log10((hi - lo) / float64(d.n)))
	step := math.Pow(10, exponent)
	for _, f := range []float64{1, 2, 5, 10} {
		if step = f * math.Pow(10, exponent); math.Floor(hi/step)-math.Ceil(lo/step)+1 <= float64(d.n) {
			break
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		value := k * step
		label := strconv.FormatFloat(value, 'f', decimals, 64)
		if k == 0 {
			label = strconv.FormatFloat(0, 'f', decimals, 64) // not "-0"
		}
		ticks = append(ticks, plot.Tick{Value: value, Label: label})
	}
	return ticks
}

// extent returns the smallest range that holds the finite values, with a margin
// on both sides as a fraction of it. A range of one value is widened.
func extent(values []float64, margin float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	switch {
	case lo > hi:
		return 0, 1
	case lo == hi:
		d := max(math.Abs(lo)*0.01, 1e-3)
		return lo - d, hi + d
	}
	m := margin * (hi - lo)
	return lo - m, hi + m
}

// shorten cuts a text that is wider than a width, and marks the cut.
func shorten(s text.Style, txt string, width vg.Length) string {
	if s.Width(txt) <= width {
		return txt
	}
	runes := []rune(txt)
	for len(runes) > 1 && s.Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
