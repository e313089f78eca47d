package figure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// StackingPicks draws the strategy of each arm at each stage as layer maps.
// There is a column for each growth and a row for each arm, or several rows if
// the picks differ between seeds. Colors and numbers are those of the layers of
// the previous stage.
func StackingPicks(r *result.Stacking) Figure {
	f := Figure{Name: "stacking-picks", Title: "What each arm grew by"}
	rows := pickRows(aggregate.Arms(r))
	if len(rows) == 0 {
		return noData(f.Name, f.Title, "no arm grew")
	}
	f.Caption = "Read a stack from the bottom: numbers are layers of the stage before. Do the rules pick the same at each stage?"
	const left, width, gap = 130.0, 168.0, 19.0
	columns, total := 0, 0.0
	heights := make([]float64, len(rows))
	var spoken []string
	var deepest growth.Depths
	for i, row := range rows {
		columns = max(columns, len(row.growths))
		var names []string
		for _, g := range row.growths {
			w := wayOf(g)
			heights[i] = max(heights[i], w.caption()+boxOf(w)*float64(w.deepest())+gap)
			names = append(names, w.name)
			if deepest == nil || slices.Max(g.From) > slices.Max(deepest) {
				deepest = g.From
			}
		}
		total += heights[i]
		spoken = append(spoken, fmt.Sprintf("%s (%s) %s", row.arm, row.seeds, strings.Join(names, ", then ")))
	}
	f.Alt = "Layer maps of the strategies that each arm grew by: " + strings.Join(spoken, "; ") + "."

	d := newDiagram(left+width*float64(columns), total)
	y := 0.0
	for i, row := range rows {
		d.line(0, y, d.width, y, chart.Style{Color: chart.LightGrey, Width: 1})
		d.text(chart.Shorten(row.arm, chart.SizeLabel, true, left-14), 0, y+16, chart.Style{Color: chart.Ink, Size: chart.SizeLabel, Bold: true})
		for k, text := range []string{row.seeds, row.rule} {
			d.text(chart.Shorten(text, chart.SizeNote, false, left-14), 0, y+35+float64(17*k), chart.Style{Color: chart.Grey})
		}
		for j, g := range row.growths {
			w := wayOf(g)
			d.way(w, g.From, boxOf(w), left+width*float64(j), y+7, width-14)
		}
		y += heights[i]
	}
	return render(f, chart.Chart{Rows: [][]chart.Panel{{d.panel()}}, Legend: mapLegend(deepest, false)})
}

// wayOf returns a growth as a way in a diagram.
func wayOf(g aggregate.Growth) way {
	w := way{name: g.Strategy, maps: g.Maps, what: fmt.Sprintf("%s → %s layers", aggregate.Join(g.From), aggregate.Join(g.To)), note: " "}
	if g.Candidates > 1 && g.ExtraSteps > 0 {
		w.note = fmt.Sprintf("of %d, +%d steps", g.Candidates, g.ExtraSteps)
	}
	return w
}

// boxOf returns the height of a way's boxes.
func boxOf(w way) float64 { return min(17, 200/float64(w.deepest())) }

// pickRow is the growths of an arm with some of the seeds.
type pickRow struct {
	arm, rule, seeds string
	growths          []aggregate.Growth
}

// pickRows returns a row for each arm and each different sequence of growths.
func pickRows(arms []aggregate.Arm) []pickRow {
	var rows []pickRow
	for _, a := range arms {
		var of []pickRow
		var seeds [][]string
		for _, o := range a.Outcomes {
			growths := slices.DeleteFunc(aggregate.Growths(o), func(g aggregate.Growth) bool { return g.Strategy == "" })
			if len(growths) == 0 {
				continue
			}
			i := slices.IndexFunc(of, func(other pickRow) bool { return slices.EqualFunc(other.growths, growths, sameGrowth) })
			if i < 0 {
				i = len(of)
				of, seeds = append(of, pickRow{arm: a.Name, rule: o.Rule, growths: growths}), append(seeds, nil)
			}
			seeds[i] = append(seeds[i], fmt.Sprint(o.Seed))
		}
		for i := range of {
			switch {
			case len(of) == 1 && len(a.Outcomes) > 1:
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

func sameGrowth(a, b aggregate.Growth) bool {
	return a.Strategy == b.Strategy && slices.EqualFunc(a.Maps, b.Maps, func(x, y growth.Map) bool { return slices.Equal(x, y) })
}
