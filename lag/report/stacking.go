package report

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// Stacking returns the result of a stacking as text: the arms, the best first,
// with their final losses and the share spent on probing; and the growth of
// each arm at each stage.
func Stacking(r *result.Stacking) string {
	headers := []string{"arm", "depths", "final"}
	bySeed := len(r.Seeds) > 1 && len(r.Seeds) <= finalsAtMost
	if bySeed {
		for _, seed := range r.Seeds {
			headers = append(headers, fmt.Sprintf("seed %d", seed))
		}
	}
	headers = append(headers, "above best", "std. error", "FLOPs", "probing")
	var cells [][]string
	for _, a := range aggregate.Arms(r) {
		line := []string{a.Name, a.Depths, ending(a.Unfinished, float64(a.Final))}
		if bySeed {
			for _, l := range a.Finals {
				line = append(line, number(l, 4))
			}
		}
		cells = append(cells, append(line, number(float64(a.Difference), 4), number(float64(a.Error), 4), fmt.Sprintf("%.3g", a.FLOPs), percent(a.Probing)))
	}
	out := plainTable(headers, cells, 2)
	cells = nil
	for _, g := range growthRows(r) {
		cells = append(cells, []string{g.Arm, g.Seed, g.Layers, g.Strategy, aggregate.DrawMaps(g.Maps, g.From), fmt.Sprint(g.Candidates), fmt.Sprint(g.ExtraSteps), g.End})
	}
	if len(cells) > 0 {
		out += "\n" + plainTable([]string{"arm", "seed", "layers", "grown by", "layer map", "candidates", "extra steps", "loss at the end"}, cells, 5)
	}
	return out
}

// growthRow is a line of the table of growths.
type growthRow struct {
	aggregate.Growth
	Arm, Seed, Layers, End string
}

// growthRows returns the growths of each arm with each seed.
func growthRows(r *result.Stacking) []growthRow {
	var list []growthRow
	for _, a := range aggregate.Arms(r) {
		for _, o := range a.Outcomes {
			for _, g := range aggregate.Growths(o) {
				row := growthRow{Growth: g, Arm: o.Name, Seed: fmt.Sprint(o.Seed), Layers: aggregate.Join(g.From) + " → " + aggregate.Join(g.To), End: number(g.Loss, 4)}
				if g.Strategy == "" {
					row.Strategy, row.End = "(none: none got that far)", "–"
				}
				list = append(list, row)
			}
		}
	}
	return list
}
