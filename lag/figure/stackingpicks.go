package figure

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// StackingPicks draws which strategy each arm grew by at each stage, as layer
// maps: a column for each growth, a row for each arm, and for each seed where the
// picks differ. Colours and numbers are those of the layers of the stage before.
func StackingPicks(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-picks", Title: "What each arm grew by"}
	rows := pickRows(armsOf(r))
	if len(rows) == 0 {
		return noData(f.Name, f.Title, "no arm grew")
	}
	columns := 0
	for _, row := range rows {
		columns = max(columns, len(row.growths))
	}
	var spoken []string
	for _, row := range rows {
		var names []string
		for _, g := range row.growths {
			names = append(names, g.panel.name)
		}
		spoken = append(spoken, fmt.Sprintf("%s (%s) %s", row.arm, row.seeds, strings.Join(names, ", then ")))
	}
	f.Alt = "Layer maps of the strategies that each arm grew by: " + strings.Join(spoken, "; ") + "."
	heights := make([]vg.Length, len(rows))
	total := vg.Length(0)
	for i, row := range rows {
		for _, g := range row.growths {
			heights[i] = max(heights[i], pickCaption+g.box()*vg.Length(g.deepest())+vg.Points(14))
		}
		total += heights[i]
	}
	left, panel := inches(1.35), inches(1.75)
	width := max(left+panel*vg.Length(columns)+inches(0.2), inches(5.4))
	return render(f, width, total+vg.Points(sizeTitle+54), stackingPicksSpec(rows), func(c draw.Canvas) {
		c = headline(c, f.Title)
		deepest := growth.Depths{1}
		for _, row := range rows {
			for _, g := range row.growths {
				deepest = g.from
			}
		}
		paintMapKey(c, deepest, false)
		name, note := bold(textStyle(sizeLabel, black)), textStyle(sizeNote, grey)
		name.YAlign, note.YAlign = draw.YTop, draw.YTop
		top := c.Max.Y
		for i, row := range rows {
			c.StrokeLine2(lineStyle(lightGrey, 0.75, 0), c.Min.X+vg.Points(8), top, c.Max.X-vg.Points(8), top)
			c.FillText(name, vg.Point{X: c.Min.X + vg.Points(10), Y: top - vg.Points(6)}, shorten(name, row.arm, left-vg.Points(14)))
			c.FillText(note, vg.Point{X: c.Min.X + vg.Points(10), Y: top - vg.Points(20)}, shorten(note, row.seeds, left-vg.Points(14)))
			c.FillText(note, vg.Point{X: c.Min.X + vg.Points(10), Y: top - vg.Points(32)}, shorten(note, row.rule, left-vg.Points(14)))
			for j, g := range row.growths {
				paintMap(c, g.panel, g.from, g.box(), pickCaption, c.Min.X+left+panel*vg.Length(j), top-vg.Points(4), panel-vg.Points(10))
			}
			top -= heights[i]
		}
	})
}

const pickCaption = 40 * vg.Inch / 72

// pickRow is what an arm grew by under some of the seeds.
type pickRow struct {
	arm, rule, seeds string
	growths          []armGrowth
}

// armGrowth is one growth of an arm.
type armGrowth struct {
	from  growth.Depths
	panel mapPanel
}

func (g armGrowth) deepest() int {
	n := 1
	for _, m := range g.panel.stacks {
		n = max(n, len(m))
	}
	return n
}

func (g armGrowth) box() vg.Length { return vg.Points(min(13, 150/float64(g.deepest()))) }

// pickRows returns a row for each arm and each of the ways in which it grew.
func pickRows(arms []arm) []pickRow {
	var rows []pickRow
	for _, a := range arms {
		var of []pickRow
		var seeds [][]string
		for _, o := range a.outcomes {
			row := pickRow{arm: a.name, rule: o.Rule, growths: growthsOf(o)}
			if len(row.growths) == 0 {
				continue
			}
			i := slices.IndexFunc(of, func(other pickRow) bool { return other.sameAs(row) })
			if i < 0 {
				i = len(of)
				of, seeds = append(of, row), append(seeds, nil)
			}
			seeds[i] = append(seeds[i], fmt.Sprint(o.Seed))
		}
		for i := range of {
			switch {
			case len(of) == 1 && len(a.outcomes) > 1:
				of[i].seeds = "all seeds"
			case len(seeds[i]) == 1:
				of[i].seeds = "seed " + seeds[i][0]
			default:
				of[i].seeds = "seeds " + strings.Join(seeds[i], ", ")
			}
		}
		rows = append(rows, of...)
	}
	return rows
}

func (r pickRow) sameAs(other pickRow) bool {
	return slices.EqualFunc(r.growths, other.growths, func(a, b armGrowth) bool {
		return a.panel.name == b.panel.name && slices.EqualFunc(a.panel.stacks, b.panel.stacks, slices.Equal)
	})
}

// growthsOf returns the growths of an arm under one seed.
func growthsOf(o result.ArmOutcome) []armGrowth {
	var list []armGrowth
	for i, s := range o.Stages {
		if i == 0 || s.Strategy == "" {
			continue
		}
		g := armGrowth{from: o.Stages[i-1].Depths, panel: mapPanel{name: s.Strategy, what: fmt.Sprintf("%s → %s layers", joined(o.Stages[i-1].Depths), joined(s.Depths))}}
		if s.Candidates > 1 && s.ExtraSteps > 0 {
			g.panel.note = fmt.Sprintf("of %d, +%d steps", s.Candidates, s.ExtraSteps)
		}
		g.panel.stacks = [][]int{s.Map}
		if len(s.Encoder) > 0 {
			g.panel.stacks = [][]int{s.Encoder, s.Map}
		}
		list = append(list, g)
	}
	return list
}

// stackingPicksSpec concatenates a chart for each growth: facets with scales of
// their own would move up where an arm has fewer growths than another.
func stackingPicksSpec(rows []pickRow) object {
	deepest := 0
	for _, row := range rows {
		for _, g := range row.growths {
			deepest = max(deepest, slices.Max(g.from))
		}
	}
	domain, colors := sourceScale(deepest)
	var lines list
	for _, row := range rows {
		var charts list
		for j, g := range row.growths {
			var values list
			for k, layers := range g.panel.stacks {
				stack := "stack"
				if len(g.panel.stacks) == 2 {
					stack = [2]string{"encoder", "decoder"}[k]
				}
				for i, layer := range layers {
					values = append(values, object{"stack": stack, "layer": i, "source": sourceName(layer)})
				}
			}
			title := fmt.Sprintf("%s: %s", g.panel.what, g.panel.name)
			if j == 0 {
				title = fmt.Sprintf("%s, %s · %s", row.arm, row.seeds, title)
			}
			stacks := object{"field": "stack", "type": "nominal", "sort": list{"encoder", "decoder"}, "title": nil}
			if len(g.panel.stacks) == 1 {
				stacks["axis"] = nil
			}
			charts = append(charts, object{
				"title": object{"text": title, "anchor": "start", "fontSize": 11}, "width": 250, "height": object{"step": 13},
				"data": object{"values": values}, "mark": object{"type": "rect", "stroke": "white"},
				"encoding": object{
					"x": stacks, "y": object{"field": "layer", "type": "ordinal", "sort": "descending", "title": nil},
					"color":   object{"field": "source", "type": "nominal", "title": "source layer", "scale": object{"domain": domain, "range": colors}},
					"tooltip": list{object{"field": "layer", "type": "ordinal"}, object{"field": "source", "type": "nominal"}},
				},
			})
		}
		lines = append(lines, object{"hconcat": charts})
	}
	return object{"vconcat": lines}
}
