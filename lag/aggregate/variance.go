package aggregate

import (
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/stats"
)

// Variance says where the differences of final losses come from, when studies are the
// same but for the seeds of their sources and of the training after growing. The seed of
// a source also draws the validation set, so what a source does includes that.
type Variance struct {
	Parts          stats.Components
	Sources, Seeds int // how many sources, and seeds of the training from each
}

// The settings in which studies of several sources may differ.
const (
	sourceSeed   = "seed"
	growingSeeds = "growth.seeds"
)

// Variance divides the variance of the final losses of the shared strategies. settings
// are the differences of the studies' configurations, see [Differences]. If the studies
// are not those of several sources, ok is false. If they are, but cannot be divided,
// note says what is missing.
func (c *Comparison) Variance(settings []Setting) (v Variance, note string, ok bool) {
	sources := false
	for _, s := range settings {
		switch s.Name {
		case sourceSeed:
			sources = true
			for i, value := range s.Values {
				if slices.Contains(s.Values[:i], value) {
					return v, "Two of these studies have the same source. To see where the variance is, put their seeds into one study.", false
				}
			}
		case growingSeeds:
		default:
			return v, "", false
		}
	}
	if !sources {
		return v, "", false
	}
	var used []int64
	var final [][][]float64
	for _, s := range c.Studies {
		for _, seed := range s.Seeds {
			if slices.Contains(used, seed) {
				return v, "These are studies of several sources, but they share seeds of the training after growing, so that what a seed does to a strategy counts as the strategy's. Give each study its own, such as 1,2 and 3,4, to see where the variance is.", false
			}
		}
		used = append(used, s.Seeds...)
		if len(s.Seeds) != len(c.Studies[0].Seeds) {
			return v, "These are studies of several sources. To see where the variance is, give each the same number of seeds.", false
		}
		final = append(final, sharedFinals(s, c.Shared))
	}
	v = Variance{stats.MeasureComponents(final), len(c.Studies), len(c.Studies[0].Seeds)}
	if v.Parts.Counted < 2 {
		return v, "These are studies of several sources, but fewer than two strategies were completed in all of them.", false
	}
	return v, "", true
}

// sharedFinals returns the final losses, by seed, of strategies by name; NaN where the
// device failed.
func sharedFinals(s Compared, names []string) [][]float64 {
	counted := s.Counted()
	final := s.LossesAt(s.Steps)
	table := make([][]float64, len(final))
	for r, losses := range final {
		for _, name := range names {
			loss := math.NaN()
			if i := slices.Index(counted, name); i >= 0 {
				loss = losses[i]
			}
			table[r] = append(table[r], loss)
		}
	}
	return table
}
