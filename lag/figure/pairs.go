package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// Pairs draws which strategies the validation set tells apart: a box for each two
// of them, in the order of the final loss, whose colour is the difference of their
// losses in standard errors, see [result.Pair]. Grey is a difference of less than two
// errors. It does not tell of the noise of training, which [Noise] shows.
func Pairs(r *result.Study) Figure {
	f := Figure{Name: "pairs", Title: "Which final losses differ on the validation set?"}
	var all []*strategy
	place := map[string]int{}
	for _, s := range byFinal(strategies(r)) {
		if !s.stopped() {
			place[s.name] = len(all)
			all = append(all, s)
		}
	}
	var pairs []pair
	var values, names list
	separable := 0
	for _, p := range r.Pairs {
		i, ok := place[p.A]
		j, ok2 := place[p.B]
		z := math.Abs(float64(p.Difference) / float64(p.Error))
		if !ok || !ok2 || math.IsNaN(z) {
			continue
		}
		if i < j {
			i, j = j, i
		}
		pairs = append(pairs, pair{i, j, z})
		if z > separableAbove {
			separable++
		}
		v := object{"strategy": all[i].name, "other": all[j].name, "difference": math.Abs(float64(p.Difference)), "error": float64(p.Error), "level": zLabels[zLevel(z)]}
		if finite(z) {
			v["errors"] = z
		}
		values = append(values, v)
	}
	if len(pairs) == 0 {
		return noData(f.Name, f.Title, "no two strategies were compared")
	}
	for _, s := range all {
		names = append(names, s.name)
	}
	says := fmt.Sprintf("%d of %d pairs differ by more than %d standard errors", separable, len(pairs), separableAbove)
	f.Alt = fmt.Sprintf("Matrix of the differences between the final losses of %d strategies, in standard errors. %s.", len(all), says)
	labels, colors := list{}, list{}
	for i, label := range zLabels {
		labels, colors = append(labels, label), append(colors, hex(zColors[i]))
	}
	number := func(field string) object { return object{"field": field, "type": "quantitative", "format": ".4~f"} }
	spec := object{
		"width": object{"step": 18}, "height": object{"step": 18},
		"data": object{"values": values}, "mark": object{"type": "rect", "stroke": "white"},
		"encoding": object{
			"y":     object{"field": "strategy", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelLimit": 220}},
			"x":     object{"field": "other", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelAngle": -45, "labelLimit": 220, "orient": "bottom"}},
			"color": object{"field": "level", "type": "nominal", "title": "standard errors", "scale": object{"domain": labels, "range": colors}},
			"tooltip": list{object{"field": "strategy", "type": "nominal"}, object{"field": "other", "type": "nominal"},
				number("difference"), number("error"), number("errors")},
		},
	}
	box := pairBox(len(all))
	side := box * vg.Length(len(all))
	label := pairLabel(box)
	widest := vg.Length(0)
	for _, s := range all {
		widest = max(widest, bold(label).Width(s.name))
	}
	widest = min(widest, inches(2))
	width := max(side+2*widest+vg.Points(60), inches(5.4))
	return render(f, width, side+box+vg.Points(sizeTitle+16+18+16), spec, func(c draw.Canvas) {
		c = subtitle(headline(c, f.Title), says)
		paintPairs(c, all, pairs, box, widest)
	})
}

// separableAbove is how many standard errors a difference must exceed.
const separableAbove = 2

// pair is the difference of two strategies, of which the first is the worse.
type pair struct {
	worse, better int
	z             float64 // difference in standard errors, not negative
}

var (
	zLabels = []string{"below 2", "2 to 4", "4 to 8", "8 to 16", "above 16"}
	zColors = []color.NRGBA{{0xe4, 0xe4, 0xe4, 0xff}, {0xb7, 0xd4, 0xea, 0xff}, {0x6b, 0xae, 0xd6, 0xff}, {0x21, 0x71, 0xb5, 0xff}, {0x08, 0x30, 0x6b, 0xff}}
)

// zLevel is the place of a difference in standard errors in zLabels.
func zLevel(z float64) int {
	level := 0
	for bound := 2.0; level < len(zLabels)-1 && z > bound; bound *= 2 {
		level++
	}
	return level
}

func pairBox(n int) vg.Length { return vg.Points(max(11, min(34, 420/float64(max(n, 1))))) }

// pairLabel is the style of a strategy's name beside boxes of a size.
func pairLabel(box vg.Length) text.Style {
	style := textStyle(min(sizeNote, 0.8*float64(box)), black)
	style.YAlign = draw.YCenter
	return style
}

func paintPairs(c draw.Canvas, all []*strategy, pairs []pair, box, widest vg.Length) {
	left, top := c.Min.X+widest+vg.Points(16), c.Max.Y-vg.Points(2)
	label := pairLabel(box)
	for i, s := range all {
		row, diagonal := label, label
		row.XAlign = draw.XRight
		if s.picked > 0 {
			row, diagonal = bold(row), bold(diagonal)
			row.Color, diagonal.Color = vermillion, vermillion
		}
		y := top - box*(vg.Length(i)+0.5)
		if i > 0 {
			c.FillText(row, vg.Point{X: left - vg.Points(5), Y: y}, shorten(row, s.name, widest))
		}
		// A column's name stands on the diagonal, where the column begins.
		c.FillText(diagonal, vg.Point{X: left + box*vg.Length(i) + vg.Points(3), Y: y}, shorten(diagonal, s.name, widest))
	}
	inside := textStyle(min(8, 0.4*float64(box)), black)
	inside.XAlign, inside.YAlign = draw.XCenter, draw.YCenter
	for _, p := range pairs {
		x, y := left+box*vg.Length(p.better), top-box*vg.Length(p.worse+1)
		level := zLevel(p.z)
		gap := vg.Points(0.6)
		fillBox(c, zColors[level], x+gap, y+gap, x+box-gap, y+box-gap)
		if box >= vg.Points(20) && finite(p.z) {
			style := inside
			if luminance(zColors[level]) < darkBelow {
				style.Color = color.White
			}
			c.FillText(style, vg.Point{X: x + box/2, Y: y + box/2}, fmt.Sprintf("%.1f", p.z))
		}
	}
	// The key stands in the free half, at the right.
	key := textStyle(sizeNote, black)
	key.YAlign = draw.YCenter
	x, y := c.Max.X-vg.Points(84), top-vg.Points(8)
	c.FillText(key, vg.Point{X: x, Y: y}, "standard errors")
	for i, level := range zLabels {
		at := y - vg.Points(14)*vg.Length(i+1)
		fillBox(c, zColors[i], x, at-vg.Points(5), x+vg.Points(14), at+vg.Points(5))
		c.FillText(key, vg.Point{X: x + vg.Points(19), Y: at}, level)
	}
}
