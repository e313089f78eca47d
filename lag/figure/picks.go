package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag"
)

// Picks draws the regret of each selection rule as a bar: how much higher the
// final loss of its pick is than the best of the pool. Beside each bar stand the
// pick and what the rule costs beyond training the pick alone, in trainings of
// one candidate to the end. Rules are sorted by regret.
func Picks(r *lag.Result) Figure {
	f := Figure{Name: "picks", Title: "Regret of each selection rule"}
	if len(r.Picks) == 0 {
		return noData(f.Name, f.Title, "the result has no picks")
	}
	picks := slices.Clone(r.Picks)
	slices.SortStableFunc(picks, func(a, b lag.Pick) int {
		switch ra, rb := regretOrder(a), regretOrder(b); {
		case ra < rb:
			return -1
		case ra > rb:
			return 1
		}
		return 0
	})
	full := r.TrainingFLOPs()
	values := list{}
	for _, p := range picks {
		v := object{"rule": p.Rule, "strategy": p.Choice(), "extra_flops": p.ExtraFLOPs}
		if finite(float64(p.Regret)) {
			v["regret"] = float64(p.Regret)
		}
		if full > 0 {
			v["extra"] = p.ExtraFLOPs / full
		}
		values = append(values, v)
	}
	f.Alt = fmt.Sprintf("Bar chart of the regret of %d selection rules. Lowest: %s.", len(picks), picks[0].Rule)
	for _, p := range picks {
		if p.Rule == "lag" {
			f.Alt += fmt.Sprintf(" LAG picks %s with a regret of %s nats.", p.Strategy, formatRegret(p.Regret))
		}
	}
	names := list{}
	for _, p := range picks {
		names = append(names, p.Rule)
	}
	y := object{"field": "rule", "type": "nominal", "sort": names, "title": nil}
	x := object{"field": "regret", "type": "quantitative", "title": "regret [nats/token]", "axis": object{"tickCount": 5}}
	spec := object{
		"width": 480, "height": object{"step": 26},
		"data": object{"values": values},
		"layer": list{
			object{
				"mark": "bar",
				"encoding": object{
					"y": y, "x": x,
					"color":   object{"condition": object{"test": "datum.rule == 'lag'", "value": hex(vermillion)}, "value": hex(skyBlue)},
					"tooltip": tooltip("rule", "strategy", "regret", "extra"),
				},
			},
			object{
				"mark": object{"type": "text", "align": "left", "dx": 5},
				"encoding": object{
					"y": y, "x": x, "text": object{"field": "strategy", "type": "nominal"}},
			},
		},
	}
	height := inches(1.05) + vg.Length(len(picks))*vg.Points(22)
	return render(f, inches(9), height, spec, func(c draw.Canvas) { paintPicks(headline(c, f.Title), picks, full) })
}

// regretOrder puts unknown regrets last.
func regretOrder(p lag.Pick) float64 {
	if math.IsNaN(float64(p.Regret)) {
		return math.Inf(1)
	}
	return float64(p.Regret)
}

func formatRegret(n lag.Number) string {
	if !finite(float64(n)) {
		return "∞ (diverged)"
	}
	return fmt.Sprintf("%.4f", float64(n))
}

func paintPicks(c draw.Canvas, picks []lag.Pick, full float64) {
	label := textStyle(sizeLabel, black)
	label.XAlign, label.YAlign = draw.XRight, draw.YCenter
	note := textStyle(sizeNote, black)
	note.YAlign = draw.YCenter

	left, highest := vg.Length(0), 0.0
	for _, p := range picks {
		left = max(left, label.Width(p.Rule))
		if finite(float64(p.Regret)) {
			highest = max(highest, float64(p.Regret))
		}
	}
	left = min(left, inches(2)) + vg.Points(20)
	if highest == 0 {
		highest = 1e-3
	}
	x0 := c.Min.X + left
	// The bars are as long as the notes beside them allow.
	notes := make([]string, len(picks))
	width := c.Max.X - x0 - vg.Points(18)
	room := width
	for i, p := range picks {
		notes[i] = formatRegret(p.Regret) + " · " + p.Choice()
		switch {
		case p.ExtraFLOPs == 0:
			notes[i] += " · at no extra cost"
		case full > 0:
			notes[i] += fmt.Sprintf(" · +%.2f trainings", p.ExtraFLOPs/full)
		}
		notes[i] = shorten(note, notes[i], inches(4.2))
		if share := vg.Length(float64(p.Regret) / highest); finite(float64(p.Regret)) && share > 0 {
			width = min(width, (room-note.Width(notes[i]))/share)
		}
	}
	bottom, top := c.Min.Y+vg.Points(40), c.Max.Y-vg.Points(2)
	row := (top - bottom) / vg.Length(len(picks))
	at := func(v float64) vg.Length { return x0 + width*vg.Length(v/highest) }

	ticks := decimalTicks{4}.Ticks(0, highest)
	tickStyle := textStyle(sizeTick, black)
	tickStyle.XAlign, tickStyle.YAlign = draw.XCenter, draw.YTop
	for _, t := range ticks {
		x := at(t.Value)
		c.StrokeLine2(lineStyle(lightGrey, 0.75, 0), x, bottom, x, top)
		c.FillText(tickStyle, vg.Point{X: x, Y: bottom - vg.Points(4)}, t.Label)
	}
	axis := textStyle(sizeLabel, black)
	axis.XAlign, axis.YAlign = draw.XCenter, draw.YTop
	c.FillText(axis, vg.Point{X: x0 + width/2, Y: bottom - vg.Points(19)}, "regret: final loss above the best of the pool [nats/token]")

	for i, p := range picks {
		y := top - row*(vg.Length(i)+0.5)
		bar := skyBlue
		if p.Rule == "lag" {
			bar = vermillion
		}
		end := x0
		if finite(float64(p.Regret)) {
			end = at(float64(p.Regret))
			fillBox(c, bar, x0, y-row*0.34, end, y+row*0.34)
		}
		c.FillText(label, vg.Point{X: x0 - vg.Points(7), Y: y}, shorten(label, p.Rule, inches(2)))
		from := end + vg.Points(6)
		fillBox(c, color.White, from-vg.Points(2), y-row*0.3, from+note.Width(notes[i])+vg.Points(2), y+row*0.3) // over the grid
		c.FillText(note, vg.Point{X: from, Y: y}, notes[i])
	}
	c.StrokeLine2(lineStyle(grey, 1, 0), x0, bottom, x0, top)
}
