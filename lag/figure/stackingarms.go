package figure

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// StackingArms draws the final loss of each arm, a mark for each seed and a line
// for the mean, the best arm first. Beside it stand the difference to the best
// with its standard error over the seeds, and the share of its FLOPs that the arm
// spent on probing strategies that were not picked.
func StackingArms(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-arms", Title: "Final loss of each arm at equal compute" + seedsAsMarks(len(r.Seeds))}
	arms := armsOf(r)
	var losses []float64
	var values, means, names list
	for _, a := range arms {
		names = append(names, a.name)
		for i, l := range a.finals() {
			if finite(l) {
				losses = append(losses, l)
				values = append(values, object{"arm": a.name, "seed": a.outcomes[i].Seed, "loss": l, "probing": a.outcomes[i].ExtraFLOPs / a.outcomes[i].FLOPs})
			}
		}
		if mean := float64(a.summary.Final); finite(mean) {
			means = append(means, object{"arm": a.name, "loss": mean, "probing": a.probing()})
		}
	}
	if len(losses) == 0 {
		return noData(f.Name, f.Title, "no arm has a final loss")
	}
	var spoken []string
	for _, a := range arms {
		spoken = append(spoken, a.name+" "+a.note())
	}
	f.Alt = fmt.Sprintf("Final losses of %d arms under %d seeds, the best first: %s.", len(arms), len(r.Seeds), strings.Join(spoken, ", "))
	y := object{"field": "arm", "type": "nominal", "sort": names, "title": nil}
	x := object{"field": "loss", "type": "quantitative", "title": "final loss [nats/token]", "scale": object{"zero": false}}
	seeds := list{}
	for _, seed := range r.Seeds {
		seeds = append(seeds, seed)
	}
	loss := object{"field": "loss", "type": "quantitative", "format": ".4f"}
	probing := object{"field": "probing", "type": "quantitative", "format": ".1%", "title": "spent on probing"}
	spec := object{
		"hconcat": list{
			object{
				"width": 420, "height": object{"step": 30},
				"layer": list{
					object{"data": object{"values": means}, "mark": object{"type": "tick", "thickness": 2, "color": hex(black)},
						"encoding": object{"y": y, "x": x, "tooltip": list{object{"field": "arm", "type": "nominal"}, loss}}},
					object{"data": object{"values": values}, "mark": object{"type": "point", "filled": true, "size": 55}, "encoding": object{
						"y": y, "x": x,
						"color":   object{"field": "seed", "type": "nominal", "scale": object{"domain": seeds, "range": seedHexes(len(r.Seeds))}},
						"tooltip": list{object{"field": "arm", "type": "nominal"}, object{"field": "seed", "type": "nominal"}, loss, probing}}},
				},
			},
			object{
				"width": 140, "height": object{"step": 30}, "data": object{"values": means}, "mark": object{"type": "bar", "color": hex(skyBlue)},
				"encoding": object{
					"y": object{"field": "arm", "type": "nominal", "sort": names, "title": nil, "axis": nil},
					"x": object{"field": "probing", "type": "quantitative", "title": "spent on probing", "axis": object{"format": "%"}, "scale": object{"domain": list{0, 1}}}, "tooltip": list{probing}},
			},
		},
	}
	lo, hi := extent(losses, 0.06)
	return render(f, inches(10.2), rowChartHeight(len(arms))+vg.Points(float64(8*len(arms))+16), spec, func(c draw.Canvas) {
		paintStackingArms(headline(c, f.Title), r, arms, lo, hi)
	})
}

// seedsAsMarks is a part of a title.
func seedsAsMarks(n int) string {
	if n > 1 {
		return fmt.Sprintf(" (%d seeds)", n)
	}
	return ""
}

// probing is the share of an arm's FLOPs that went to probes of others, the mean
// over its seeds.
func (a arm) probing() float64 {
	extra, all := 0.0, 0.0
	for _, o := range a.outcomes {
		extra, all = extra+o.ExtraFLOPs, all+o.FLOPs
	}
	if all == 0 {
		return 0
	}
	return extra / all
}

// note is an arm's final loss, or how it differs from the best.
func (a arm) note() string {
	s := a.summary
	switch {
	case !finite(float64(s.Final)):
		return s.Unfinished
	case s.Difference == 0:
		return fmt.Sprintf("%.4f", float64(s.Final))
	case !finite(float64(s.Error)):
		return fmt.Sprintf("%.4f (+%.4f)", float64(s.Final), float64(s.Difference))
	}
	return fmt.Sprintf("%.4f (+%.4f ± %.4f)", float64(s.Final), float64(s.Difference), float64(s.Error))
}

func paintStackingArms(c draw.Canvas, r *result.Stacking, arms []arm, lo, hi float64) {
	names := make([]string, len(arms))
	for i, a := range arms {
		names[i] = a.name
	}
	note := textStyle(sizeNote, black)
	note.YAlign = draw.YCenter
	heading := "mean"
	if len(arms) > 1 {
		heading = "mean (above the best)"
		if len(r.Seeds) > 1 {
			heading = "mean (above the best ± error)"
		}
	}
	notes := note.Width(heading)
	for _, a := range arms {
		notes = max(notes, note.Width(a.note()))
	}
	head := textStyle(sizeNote, grey)
	head.YAlign = draw.YTop
	bars := inches(1.5)
	inner := draw.Crop(c, 0, 0, 0, -vg.Points(16))
	chart := newRowChart(inner, names, func(int) bool { return false }, notes+bars+vg.Points(44), lo, hi, decimalTicks{5}, "final loss [nats/token]")
	text, bar := chart.x1+vg.Points(16), chart.x1+notes+vg.Points(40)
	c.FillText(head, vg.Point{X: text, Y: c.Max.Y - vg.Points(1)}, heading)
	c.FillText(head, vg.Point{X: bar, Y: c.Max.Y - vg.Points(1)}, "spent on probing")
	for i, a := range arms {
		y := chart.y(i)
		if mean := float64(a.summary.Final); finite(mean) {
			c.StrokeLine2(lineStyle(black, 1.8, 0), chart.x(mean), y-0.36*chart.row, chart.x(mean), y+0.36*chart.row)
		}
		for k, l := range a.finals() {
			if finite(l) {
				c.DrawGlyph(seedGlyph(k, vg.Points(3.6)), vg.Point{X: chart.x(l), Y: y})
			}
		}
		c.FillText(note, vg.Point{X: text, Y: y + vg.Points(1)}, a.note())
		share := a.probing()
		full := bars - vg.Points(36)
		fillBox(c, lightGrey, bar, y-0.22*chart.row, bar+full, y+0.22*chart.row)
		fillBox(c, vermillion, bar, y-0.22*chart.row, bar+full*vg.Length(share), y+0.22*chart.row)
		c.FillText(note, vg.Point{X: bar + full + vg.Points(5), Y: y + vg.Points(1)}, fmt.Sprintf("%.0f%%", 100*share))
	}
	if len(r.Seeds) > 1 {
		seedKey(c, r.Seeds)
	}
}
