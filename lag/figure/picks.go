package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/result"
)

// Picks draws the regret of each selection rule as a bar: how much higher the
// final loss of its pick is than the best of the pool, of several seeds the mean,
// with a dot for each. Beside each bar stand the pick and what the rule costs
// beyond training the pick alone, in trainings of one candidate to the end. Rules
// are sorted by regret.
func Picks(r *result.Study) Figure {
	f := Figure{Name: "picks", Title: "Regret of each selection rule" + seedsAsDots(len(r.Seeds))}
	if len(r.Rules) == 0 {
		return noData(f.Name, f.Title, "the result has no picks")
	}
	rules := rulesOf(r)
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(lastIfUndefined(a.regret), lastIfUndefined(b.regret)) })
	f.Alt = fmt.Sprintf("Bar chart of the regret of %d selection rules%s. Lowest: %s.", len(rules), underSeeds(len(r.Seeds)), rules[0].name)
	for _, p := range rules {
		if p.isLAG {
			f.Alt += fmt.Sprintf(" %s picks %s with a regret of %s nats.", p.name, p.choice, formatRegret(p.regret))
		}
	}
	height := inches(1.05) + vg.Length(len(rules))*vg.Points(22)
	return render(f, inches(9), height, picksSpec(rules), func(c draw.Canvas) { paintPicks(headline(c, f.Title), rules) })
}

// seedsAsDots is a part of a title.
func seedsAsDots(n int) string {
	if n > 1 {
		return fmt.Sprintf(" (mean of %d seeds, a dot for each)", n)
	}
	return ""
}

// rule is what a result says of a selection rule over the seeds.
type rule struct {
	name   string
	isLAG  bool
	choice string    // in words
	regret float64   // mean, nats; not finite where a pick stopped
	seeds  []float64 // regret under each seed
	extra  float64   // mean extra cost in trainings of one candidate; NaN where none was trained
}

// rulesOf returns the rules in the order of the result.
func rulesOf(r *result.Study) []rule {
	full := r.TrainingFLOPs()
	var rules []rule
	for _, s := range r.Rules {
		kind, _, _ := strings.Cut(s.Rule, ":")
		one := rule{name: s.Rule, isLAG: kind == result.RuleLAG, regret: float64(s.Regret), extra: s.ExtraFLOPs / full, choice: r.Choices(s.Rule)}
		if s.ExtraFLOPs == 0 {
			one.extra = 0
		}
		for _, p := range r.Picks {
			if p.Rule == s.Rule {
				one.seeds = append(one.seeds, float64(p.Regret))
			}
		}
		rules = append(rules, one)
	}
	return rules
}

// color sets LAG off.
func (r rule) color() color.NRGBA {
	if r.isLAG {
		return vermillion
	}
	return blue
}

// reach is the highest regret of the rule, of a seed or the mean.
func (r rule) reach() float64 {
	highest := 0.0
	for _, regret := range append(slices.Clone(r.seeds), r.regret) {
		if finite(regret) {
			highest = max(highest, regret)
		}
	}
	return highest
}

// cost says what a rule costs beyond training its pick.
func (r rule) cost() string {
	switch {
	case r.extra == 0:
		return "at no extra cost"
	case finite(r.extra):
		return fmt.Sprintf("+%.2f trainings", r.extra)
	}
	return ""
}

func picksSpec(rules []rule) object {
	values, seeds, names := list{}, list{}, list{}
	for _, p := range rules {
		names = append(names, p.name)
		v := object{"rule": p.name, "strategy": p.choice, "lag": p.isLAG}
		if finite(p.regret) {
			v["regret"], v["reach"] = p.regret, p.reach()
		}
		if finite(p.extra) {
			v["extra"] = p.extra
		}
		values = append(values, v)
		for _, regret := range p.seeds {
			if finite(regret) && len(p.seeds) > 1 {
				seeds = append(seeds, object{"rule": p.name, "regret": regret})
			}
		}
	}
	y := object{"field": "rule", "type": "nominal", "sort": names, "title": nil, "axis": object{"labelLimit": 220}}
	x := object{"field": "regret", "type": "quantitative", "title": "regret [nats/token]", "axis": object{"tickCount": 5}}
	return object{
		"width": 480, "height": object{"step": 26},
		"data": object{"values": values},
		"layer": list{
			object{
				"mark": "bar",
				"encoding": object{
					"y": y, "x": x,
					"color":   object{"condition": object{"test": "datum.lag", "value": hex(vermillion)}, "value": hex(skyBlue)},
					"tooltip": tooltip("rule", "strategy", "regret", "extra"),
				},
			},
			object{
				"data":     object{"values": seeds},
				"mark":     object{"type": "point", "color": hex(black), "size": 25},
				"encoding": object{"y": y, "x": x, "tooltip": tooltip("rule", "regret")},
			},
			object{
				"mark": object{"type": "text", "align": "left", "dx": 5, "limit": 260},
				"encoding": object{
					"y": y, "x": object{"field": "reach", "type": "quantitative"}, "text": object{"field": "strategy", "type": "nominal"}},
			},
		},
	}
}

// lastIfUndefined puts unknown and infinite values last.
func lastIfUndefined(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}

func formatRegret(x float64) string {
	if !finite(x) {
		return "∞ (did not finish)"
	}
	return fmt.Sprintf("%.4f", x)
}

func paintPicks(c draw.Canvas, rules []rule) {
	label := textStyle(sizeLabel, black)
	label.XAlign, label.YAlign = draw.XRight, draw.YCenter
	note := textStyle(sizeNote, black)
	note.YAlign = draw.YCenter

	left, highest := vg.Length(0), 0.0
	reach := make([]float64, len(rules)) // how far the bar and the dots go
	for i, p := range rules {
		left = max(left, label.Width(p.name))
		reach[i] = p.reach()
		highest = max(highest, reach[i])
	}
	left = min(left, inches(2)) + vg.Points(20)
	if highest == 0 {
		highest = 1e-3
	}
	x0 := c.Min.X + left
	// The bars are as long as the notes beside them allow.
	notes := make([]string, len(rules))
	width := c.Max.X - x0 - vg.Points(18)
	room := width
	for i, p := range rules {
		notes[i] = formatRegret(p.regret) + " · " + p.choice
		if cost := p.cost(); cost != "" {
			notes[i] += " · " + cost
		}
		notes[i] = shorten(note, notes[i], inches(4.2))
		if share := vg.Length(reach[i] / highest); share > 0 {
			width = min(width, (room-note.Width(notes[i]))/share)
		}
	}
	bottom, top := c.Min.Y+vg.Points(40), c.Max.Y-vg.Points(2)
	row := (top - bottom) / vg.Length(len(rules))
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
	c.FillText(axis, vg.Point{X: max(x0+width/2, x0+axis.Width(regretTitle)/2-left/2), Y: bottom - vg.Points(19)}, regretTitle)

	for i, p := range rules {
		y := top - row*(vg.Length(i)+0.5)
		bar := skyBlue
		if p.isLAG {
			bar = vermillion
		}
		if finite(p.regret) {
			fillBox(c, bar, x0, y-row*0.34, at(p.regret), y+row*0.34)
		}
		c.FillText(label, vg.Point{X: x0 - vg.Points(7), Y: y}, shorten(label, p.name, inches(2)))
		from := at(reach[i]) + vg.Points(7)
		fillBox(c, color.White, from-vg.Points(2), y-row*0.3, from+note.Width(notes[i])+vg.Points(2), y+row*0.3) // over the grid
		c.FillText(note, vg.Point{X: from, Y: y}, notes[i])
		if len(p.seeds) < 2 {
			continue
		}
		for _, regret := range p.seeds {
			if finite(regret) {
				c.DrawGlyph(draw.GlyphStyle{Color: black, Radius: vg.Points(2.4), Shape: draw.RingGlyph{}}, vg.Point{X: at(regret), Y: y})
			}
		}
	}
	c.StrokeLine2(lineStyle(grey, 1, 0), x0, bottom, x0, top)
}

const regretTitle = "regret: final loss above the best of the pool [nats/token]"
