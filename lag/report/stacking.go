package report

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// Stacking returns the outcome of a stacking as text: the arms, the best first,
// with their final losses and what they spent on probing, and what each arm grew
// by at each stage.
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
	for _, a := range stackingRows(r) {
		line := []string{a.Name, a.Depths, a.final()}
		if bySeed {
			for _, l := range a.Finals {
				line = append(line, number(l, 4))
			}
		}
		cells = append(cells, append(line, number(float64(a.Difference), 4), number(float64(a.Error), 4), fmt.Sprintf("%.3g", a.FLOPs), percent(a.Probing)))
	}
	out := plainTable(headers, cells, 2)
	cells = nil
	for _, g := range stackingGrowths(r) {
		cells = append(cells, []string{g.Arm, g.Seed, g.Layers, g.Strategy, g.Map, g.Candidates, g.Extra, g.Loss})
	}
	if len(cells) > 0 {
		out += "\n" + plainTable([]string{"arm", "seed", "layers", "grown by", "layer map", "candidates", "extra steps", "loss at the end"}, cells, 5)
	}
	return out
}

// stackingRow is a line of the table of arms.
type stackingRow struct {
	result.ArmSummary
	Rule    string
	Depths  string
	Finals  []float64 // of each seed, NaN where it stopped
	Probing float64   // share of the FLOPs
}

func (a stackingRow) final() string {
	if a.Unfinished != "" {
		return a.Unfinished
	}
	return number(float64(a.Final), 4)
}

// stackingRows returns the arms, the best first.
func stackingRows(r *result.Stacking) []stackingRow {
	var list []stackingRow
	for _, s := range r.Summary {
		a := stackingRow{ArmSummary: s}
		extra, all, longest := 0.0, 0.0, 0
		for _, o := range r.Arms {
			if o.Name != s.Name {
				continue
			}
			a.Rule = o.Rule
			a.Finals = append(a.Finals, float64(o.Final))
			extra, all = extra+o.ExtraFLOPs, all+o.FLOPs
			if len(o.Stages) > longest { // one that stopped has fewer
				longest = len(o.Stages)
				var texts []string
				for _, stage := range o.Stages {
					texts = append(texts, stackDepths(stage.Depths))
				}
				a.Depths = strings.Join(texts, " → ")
			}
		}
		if all > 0 {
			a.Probing = extra / all
		}
		list = append(list, a)
	}
	return list
}

// stackDepths writes depths as "3", or "2+2" for two stacks.
func stackDepths(d growth.Depths) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint([]int(d))), "+"), "[]")
}

// stackingGrowth is a line of the table of growths.
type stackingGrowth struct {
	Arm, Seed, Layers, Strategy, Map, Candidates, Extra, Loss string

	maps []growth.Map // of each stack; none where there is no strategy
	from growth.Depths
}

// stackingGrowths returns what each arm grew by, under each seed.
func stackingGrowths(r *result.Stacking) []stackingGrowth {
	var list []stackingGrowth
	for _, s := range r.Summary {
		for _, o := range r.Arms {
			if o.Name == s.Name {
				list = append(list, growthsOf(o)...)
			}
		}
	}
	return list
}

func growthsOf(o result.ArmOutcome) []stackingGrowth {
	var list []stackingGrowth
	for i, stage := range o.Stages {
		if i == 0 {
			continue
		}
		from := o.Stages[i-1].Depths
		g := stackingGrowth{
			Arm: o.Name, Seed: fmt.Sprint(o.Seed), Layers: stackDepths(from) + " → " + stackDepths(stage.Depths), Strategy: stage.Strategy,
			Candidates: fmt.Sprint(stage.Candidates), Extra: fmt.Sprint(stage.ExtraSteps), Loss: number(float64(stage.Loss), 4),
		}
		if stage.Strategy == "" {
			g.Strategy, g.Loss = "(none: none got that far)", "–"
		} else {
			if g.maps, g.from = []growth.Map{stage.Map}, from; len(stage.Encoder) > 0 {
				g.maps = []growth.Map{stage.Encoder, stage.Map}
			}
			var texts []string
			for k, m := range g.maps {
				texts = append(texts, m.Draw(from[k]))
			}
			g.Map = strings.Join(texts, " | ")
		}
		list = append(list, g)
	}
	return list
}
