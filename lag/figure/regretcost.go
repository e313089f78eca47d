package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// RegretCost draws, a point for each selection rule, the mean regret of its picks
// against what it costs beyond training the pick alone, in trainings of one
// candidate to the end, on a logarithmic scale of 1 + cost. The dashed line joins
// the rules that no other beats at its cost or less. Of several seeds, a bar goes
// from the lowest to the highest regret. Rules whose pick stopped under a seed
// are left out.
func RegretCost(r *result.Study) Figure {
	f := Figure{Name: "regret-cost", Title: "What a lower regret costs" + seedsInTitle(len(r.Seeds))}
	rules := slices.DeleteFunc(rulesOf(r), func(p rule) bool { return !finite(p.regret) || !finite(p.extra) })
	if len(rules) == 0 {
		return noData(f.Name, f.Title, "no rule has a finite regret and a cost")
	}
	front := frontOf(rules)
	var spoken []string
	for _, p := range front {
		spoken = append(spoken, fmt.Sprintf("%s with %.4f nats at %.2f trainings", p.name, p.regret, p.extra))
	}
	f.Alt = fmt.Sprintf("Scatter plot of the regret of %d selection rules against their extra cost. Beaten by no other at their cost: %s.", len(rules), strings.Join(spoken, ", "))
	return render(f, inches(8.4), inches(4.6), regretCostSpec(rules, front), func(c draw.Canvas) { paintRegretCost(headline(c, f.Title), rules, front) })
}

// frontOf returns the rules that no other beats at its cost or less, the
// cheapest first.
func frontOf(rules []rule) []rule {
	sorted := slices.Clone(rules)
	slices.SortStableFunc(sorted, func(a, b rule) int {
		return cmp.Or(cmp.Compare(a.extra, b.extra), cmp.Compare(a.regret, b.regret))
	})
	var front []rule
	for _, p := range sorted {
		if n := len(front); n == 0 || p.regret < front[n-1].regret {
			front = append(front, p)
		}
	}
	return front
}

func regretCostSpec(rules, front []rule) object {
	value := func(p rule) object {
		v := object{"rule": p.name, "strategy": p.choice, "regret": p.regret, "extra": p.extra, "lag": p.isLAG, "lo": p.regret, "hi": p.regret}
		for _, s := range p.seeds {
			if finite(s) {
				v["lo"], v["hi"] = min(v["lo"].(float64), s), max(v["hi"].(float64), s)
			}
		}
		return v
	}
	var points, line, labels list
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b rule) int {
		switch {
		case a.isLAG == b.isLAG:
			return 0
		case a.isLAG: // on top
			return 1
		}
		return -1
	})
	heights := labelHeights(rules)
	for i, p := range rules {
		points = append(points, value(p))
		label := value(p)
		label["label"] = heights[i]
		labels = append(labels, label)
	}
	for _, p := range front {
		line = append(line, value(p))
	}
	x := object{"field": "extra", "type": "quantitative", "title": "extra cost [trainings of one candidate]", "scale": object{"type": "symlog", "constant": 1}}
	y := object{"field": "regret", "type": "quantitative", "title": "regret [nats/token]"}
	return object{
		"width": 520, "height": 320,
		"layer": list{
			object{"data": object{"values": line}, "mark": object{"type": "line", "color": hex(grey), "strokeDash": list{5, 3}}, "encoding": object{"x": x, "y": y}},
			object{"data": object{"values": points}, "mark": object{"type": "rule", "color": hex(blue), "opacity": 0.4}, "encoding": object{
				"x": x, "y": object{"field": "lo", "type": "quantitative", "title": "regret [nats/token]"}, "y2": object{"field": "hi"}}},
			object{"data": object{"values": points}, "mark": object{"type": "point", "filled": true, "size": 70}, "encoding": object{
				"x": x, "y": y, "tooltip": tooltip("rule", "strategy", "regret", "extra"),
				"color": object{"condition": object{"test": "datum.lag", "value": hex(vermillion)}, "value": hex(blue)}}},
			object{"data": object{"values": labels}, "mark": object{"type": "text", "align": "left", "dx": 8}, "encoding": object{
				"x": x, "y": object{"field": "label", "type": "quantitative"}, "text": object{"field": "rule", "type": "nominal"}}},
		},
	}
}

// labelHeights returns where the names of the rules stand in the Vega-Lite chart, in
// nats: at their points, or above them where another name stands there.
func labelHeights(rules []rule) []float64 {
	furthest, highest := 0.0, 0.0
	order := make([]int, len(rules))
	for i, p := range rules {
		furthest, highest, order[i] = max(furthest, math.Log1p(p.extra)), max(highest, p.reach()), i
	}
	width, height := 0.19*furthest, 0.042*highest // shares of the chart that a name takes
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rules[a].regret, rules[b].regret) })
	heights := make([]float64, len(rules))
	for k, i := range order {
		heights[i] = rules[i].regret
		for _, j := range order[:k] { // they stand in ascending order
			if math.Abs(math.Log1p(rules[i].extra)-math.Log1p(rules[j].extra)) < width {
				heights[i] = max(heights[i], heights[j]+height)
			}
		}
	}
	return heights
}

func paintRegretCost(c draw.Canvas, rules, front []rule) {
	p := newPlot("", "", "regret [nats/token]")
	furthest, highest := 0.0, 0.0
	for _, one := range rules {
		furthest, highest = max(furthest, one.extra), max(highest, one.regret)
		for _, regret := range one.seeds {
			if finite(regret) {
				highest = max(highest, regret)
			}
		}
	}
	if highest == 0 {
		highest = 1e-3
	}
	if furthest == 0 {
		furthest = 1
	}
	p.X.Scale, p.X.Tick.Marker = log1pScale{}, costTicks{furthest}
	p.X.Min, p.X.Max = 0, furthest
	p.Y.Min, p.Y.Max = -0.06*highest, 1.05*highest // room for names below 0
	var line plotter.XYs
	for _, one := range front {
		line = append(line, plotter.XY{X: one.extra, Y: one.regret})
	}
	if len(line) > 1 {
		p.Add(&plotter.Line{XYs: line, LineStyle: lineStyle(grey, 1.2, 1)})
	}
	p.Add(labelledRules(rules))
	area := draw.Crop(c, vg.Points(4), -inches(1.05), captionHeight, 0)
	p.Draw(area)
	caption(c, middle(p.DataCanvas(area)), c.Min.Y+captionHeight/2, "extra cost [trainings of one candidate, log scale of 1 + cost]")
}

// costTicks are 0, 1, 2, 5, 10, ... up to the highest cost; tenths of these where
// it is below 2.
type costTicks struct{ highest float64 }

// Ticks implements [plot.Ticker].
func (t costTicks) Ticks(_, _ float64) []plot.Tick {
	if t.highest < 2 {
		return decimalTicks{6}.Ticks(0, t.highest)
	}
	ticks := []plot.Tick{{Value: 0, Label: "0"}}
	for decade := 1.0; decade <= t.highest; decade *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if v := f * decade; v <= t.highest {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
			}
		}
	}
	return ticks
}

// labelledRules draws the points of rules with their names beside them, each
// moved off the names before it.
type labelledRules []rule

// Plot implements [plot.Plotter].
func (rules labelledRules) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	style := textStyle(sizeNote, black)
	style.YAlign = draw.YCenter
	height := vg.Points(sizeNote + 1.5)
	radius := vg.Points(4)
	var taken []vg.Rectangle
	at := make([]vg.Point, len(rules))
	for i, one := range rules {
		at[i] = vg.Point{X: tx(one.extra), Y: ty(one.regret)}
		taken = append(taken, vg.Rectangle{Min: at[i].Sub(vg.Point{X: radius, Y: radius}), Max: at[i].Add(vg.Point{X: radius, Y: radius})})
		lo, hi := one.regret, one.regret
		for _, s := range one.seeds {
			if finite(s) {
				lo, hi = min(lo, s), max(hi, s)
			}
		}
		if lo < hi {
			c.StrokeLine2(lineStyle(withAlpha(one.color(), 0x80), 1.2, 0), at[i].X, ty(lo), at[i].X, ty(hi))
		}
	}
	order := make([]int, len(rules))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[b].Y, at[a].Y) })
	for _, i := range order {
		width := style.Width(rules[i].name)
		place := freePlace(at[i], width, height, c.Min.Y, c.Max.Y, taken)
		taken = append(taken, place)
		label := style
		label.Color = rules[i].color()
		if rules[i].isLAG {
			label = bold(label)
		}
		middle := (place.Min.Y + place.Max.Y) / 2
		if vg.Length(math.Abs(float64(middle-at[i].Y))) > height {
			c.StrokeLine2(lineStyle(grey, 0.7, 0), at[i].X, at[i].Y, place.Min.X-vg.Points(1), middle)
		}
		fillBox(c, color.White, place.Min.X-vg.Points(1), place.Min.Y, place.Max.X+vg.Points(1), place.Max.Y)
		c.FillText(label, vg.Point{X: place.Min.X, Y: middle + vg.Points(1)}, rules[i].name)
	}
	for _, isLAG := range []bool{false, true} { // on top
		for i, one := range rules {
			if one.isLAG == isLAG {
				c.DrawGlyph(draw.GlyphStyle{Color: one.color(), Radius: radius, Shape: draw.CircleGlyph{}}, at[i])
			}
		}
	}
}

// freePlace returns where a text to the right of a point overlaps with nothing
// that is taken: as near to the point's height as can be.
func freePlace(at vg.Point, width, height, bottom, top vg.Length, taken []vg.Rectangle) vg.Rectangle {
	place := func(dy vg.Length) vg.Rectangle {
		low := vg.Point{X: at.X + vg.Points(9), Y: at.Y + dy - height/2}
		return vg.Rectangle{Min: low, Max: low.Add(vg.Point{X: width, Y: height})}
	}
	for k := range 60 {
		dy := vg.Length((k+1)/2) * height / 2
		if k%2 == 1 {
			dy = -dy
		}
		p := place(dy)
		if p.Min.Y < bottom-height/2 || p.Max.Y > top+height/2 {
			continue
		}
		if !slices.ContainsFunc(taken, func(t vg.Rectangle) bool {
			return p.Min.X < t.Max.X && t.Min.X < p.Max.X && p.Min.Y < t.Max.Y && t.Min.Y < p.Max.Y
		}) {
			return p
		}
	}
	return place(0)
}
