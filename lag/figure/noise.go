package figure

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// Noise draws the final loss of each strategy under each seed, the lowest mean
// first, with the mean as a line: how far strategies lie apart, and how far one
// strategy under different seeds. Below the title stand the two spreads, see
// [result.Noise], and the error of a difference on the validation set.
func Noise(r *result.Study) Figure {
	f := Figure{Name: "noise", Title: "Final losses: do the strategies differ by more than the seeds?"}
	if len(r.Seeds) < 2 {
		f.Title = "Final losses of the strategies"
	}
	all := byFinal(strategies(r))
	var losses []float64
	var values, means, names list
	for _, s := range all {
		names = append(names, s.name)
		for i, l := range s.finals {
			if finite(l) {
				losses = append(losses, l)
				values = append(values, object{"strategy": s.name, "seed": r.Seeds[i], "loss": l})
			}
		}
		if !s.stopped() {
			means = append(means, object{"strategy": s.name, "loss": s.final})
		}
	}
	if len(losses) == 0 {
		return noData(f.Name, f.Title, "no strategy has a final loss")
	}
	says := noiseInWords(r)
	f.Alt = fmt.Sprintf("Dots for the final losses of %d strategies under %d seeds, the lowest mean first. %s.", len(all), len(r.Seeds), says)
	y := object{"field": "strategy", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelLimit": 220}}
	x := object{"field": "loss", "type": "quantitative", "title": "final loss [nats/token]", "scale": object{"zero": false}}
	seeds := list{}
	for _, seed := range r.Seeds {
		seeds = append(seeds, seed)
	}
	spec := object{
		"width": 480, "height": object{"step": 15},
		"layer": list{
			object{"data": object{"values": means}, "mark": object{"type": "tick", "thickness": 2, "color": hex(black)}, "encoding": object{"y": y, "x": x, "tooltip": tooltip("strategy", "loss")}},
			object{"data": object{"values": values}, "mark": object{"type": "point", "filled": true, "size": 40}, "encoding": object{
				"y": y, "x": x,
				"color": object{"field": "seed", "type": "nominal", "scale": object{"domain": seeds, "range": seedHexes(len(r.Seeds))}},
				"tooltip": list{object{"field": "strategy", "type": "nominal"}, object{"field": "seed", "type": "nominal"},
					object{"field": "loss", "type": "quantitative", "format": ".4f"}}}},
		},
	}
	lo, hi := extent(losses, 0.04)
	return render(f, inches(8.4), rowChartHeight(len(all))+vg.Points(20), spec, func(c draw.Canvas) {
		c = headline(c, f.Title)
		c = subtitle(c, says)
		paintNoise(c, r, all, lo, hi)
	})
}

// subtitle writes a line below the title and returns the rest.
func subtitle(c draw.Canvas, txt string) draw.Canvas {
	style := textStyle(sizeNote, grey)
	style.YAlign = draw.YTop
	c.FillText(style, vg.Point{X: c.Min.X + vg.Points(8), Y: c.Max.Y + vg.Points(2)}, shorten(style, txt, c.Max.X-c.Min.X-vg.Points(16)))
	return draw.Crop(c, 0, 0, 0, -vg.Points(18))
}

// noiseInWords says what was measured of the noise.
func noiseInWords(r *result.Study) string {
	var parts []string
	n := r.Noise
	if finite(float64(n.Ratio)) {
		judgement := ""
		if n.IsNoise {
			judgement = ": noise"
		}
		parts = append(parts, fmt.Sprintf("standard deviation between strategies %.4f nats, between seeds %.4f (ratio %.1f%s)", float64(n.Strategies), float64(n.Seeds), float64(n.Ratio), judgement))
	} else {
		parts = append(parts, "the spread between seeds was not measured")
	}
	if finite(float64(n.PairError)) {
		parts = append(parts, fmt.Sprintf("error of a difference %.4f", float64(n.PairError)))
	}
	return strings.Join(parts, "; ")
}

// seedColor tells seeds apart; after the sixth the colours begin again.
func seedColor(i int) color.NRGBA {
	colors := []color.NRGBA{blue, vermillion, green, purple, skyBlue, black}
	return colors[i%len(colors)]
}

func seedHexes(n int) list {
	var colors list
	for i := range n {
		colors = append(colors, hex(seedColor(i)))
	}
	return colors
}

// seedGlyph is the mark of the i-th seed.
func seedGlyph(i int, radius vg.Length) draw.GlyphStyle {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.PlusGlyph{}}
	return draw.GlyphStyle{Color: seedColor(i), Radius: radius, Shape: shapes[i%len(shapes)]}
}

func paintNoise(c draw.Canvas, r *result.Study, all []*strategy, lo, hi float64) {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	right := inches(1.1)
	chart := newRowChart(c, names, func(i int) bool { return all[i].picked > 0 }, right, lo, hi, decimalTicks{6}, "final loss [nats/token]")
	note := textStyle(sizeNote, black)
	note.YAlign = draw.YCenter
	for i, s := range all {
		y := chart.y(i)
		if !s.stopped() {
			x := chart.x(s.final)
			low, high := slices.Min(s.finals), slices.Max(s.finals)
			c.StrokeLine2(lineStyle(lightGrey, 2, 0), chart.x(low), y, chart.x(high), y)
			c.StrokeLine2(lineStyle(black, 1.6, 0), x, y-0.4*chart.row, x, y+0.4*chart.row)
			c.FillText(note, vg.Point{X: chart.x1 + vg.Points(14), Y: y}, fmt.Sprintf("%.4f", s.final))
		} else {
			c.FillText(note, vg.Point{X: chart.x1 + vg.Points(14), Y: y}, s.ending)
		}
		for k, l := range s.finals {
			if finite(l) {
				c.DrawGlyph(seedGlyph(k, vg.Points(2.9)), vg.Point{X: chart.x(l), Y: y})
			}
		}
	}
	if len(r.Seeds) > 1 {
		seedKey(c, r.Seeds)
	}
}

// seedKey names the marks of the seeds in the lower left corner.
func seedKey(c draw.Canvas, seeds []int64) {
	style := textStyle(sizeNote, black)
	style.YAlign = draw.YCenter
	at := vg.Point{X: c.Min.X + vg.Points(10), Y: c.Min.Y + vg.Points(10)}
	c.FillText(style, at, "seed")
	at.X += style.Width("seed") + vg.Points(10)
	for i, seed := range seeds {
		text := fmt.Sprint(seed)
		c.DrawGlyph(seedGlyph(i, vg.Points(3.2)), at)
		c.FillText(style, vg.Point{X: at.X + vg.Points(7), Y: at.Y}, text)
		at.X += vg.Points(19) + style.Width(text)
		if i == 7 {
			break // no room for more
		}
	}
}
