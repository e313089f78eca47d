package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/plotter"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// strategy is what a result says of one strategy, averaged over its seeds.
type strategy struct {
	name   string
	init   string
	what   string  // init, moments and schedule in words
	stacks [][]int // the layer map of each, an encoder's first
	seeds  int
	ending string    // how it did not get to the end, see result.Unfinished
	steps  []int     // at which every seed was evaluated
	loss   []float64 // mean over the seeds at steps[i]; NaN where one of them stopped
	low    []float64 // lowest of the seeds at steps[i]
	high   []float64
	final  float64   // NaN where one of the seeds stopped
	finals []float64 // of each seed, NaN where it stopped
	order  int       // by the final loss, 0 for the lowest
	picked int       // seeds under which LAG picks it
}

// stopped tells whether the strategy did not get to the end, under a seed.
func (s *strategy) stopped() bool { return math.IsNaN(s.final) }

// lossAt returns the loss at a step, NaN where there is none.
func (s *strategy) lossAt(step int) float64 {
	if i, ok := slices.BinarySearch(s.steps, step); ok {
		return s.loss[i]
	}
	return math.NaN()
}

// points returns the finite part of the curve from a step on.
func (s *strategy) points(from int) plotter.XYs {
	var xys plotter.XYs
	for i, step := range s.steps {
		if l := s.loss[i]; step >= from && !math.IsNaN(l) && !math.IsInf(l, 0) {
			xys = append(xys, plotter.XY{X: float64(step), Y: l})
		}
	}
	return xys
}

// strategies returns the strategies of a result in the pool's order.
func strategies(r *result.Study) []*strategy {
	var all []*strategy
	byName := map[string]*strategy{}
	losses, statuses := map[string]map[int][]float64{}, map[string][]result.Status{}
	picked := r.PicksOf(result.RuleLAG)
	for _, o := range r.Strategies {
		s := byName[o.Name]
		if s == nil {
			s = &strategy{name: o.Name, init: o.Init, what: cmp.Or(o.Summary, o.Init), stacks: stacksOf(o), picked: picked[o.Name]}
			byName[o.Name], losses[o.Name] = s, map[int][]float64{}
			all = append(all, s)
		}
		s.seeds++
		statuses[o.Name] = append(statuses[o.Name], o.Status)
		final := float64(o.Final)
		if o.Status != result.StatusComplete || math.IsInf(final, 0) {
			final = math.NaN()
		}
		s.finals = append(s.finals, final)
		for _, p := range o.Curve {
			losses[o.Name][p.Step] = append(losses[o.Name][p.Step], float64(p.Loss))
		}
	}
	finals := make([]float64, len(all))
	for i, s := range all {
		s.final, s.ending = stat.Mean(s.finals, nil), result.Unfinished(statuses[s.name]...)
		finals[i] = s.final
		for step, of := range losses[s.name] {
			if len(of) == s.seeds {
				s.steps = append(s.steps, step)
			}
		}
		slices.Sort(s.steps)
		for _, step := range s.steps {
			of := losses[s.name][step]
			s.loss = append(s.loss, stat.Mean(of, nil))
			s.low, s.high = append(s.low, slices.Min(of)), append(s.high, slices.Max(of))
		}
	}
	ranks := stats.Ranks(finals)
	byRank := slices.Clone(all)
	rank := map[string]float64{}
	for i, s := range all {
		rank[s.name] = ranks[i]
	}
	slices.SortStableFunc(byRank, func(a, b *strategy) int {
		switch ra, rb := rank[a.name], rank[b.name]; {
		case ra < rb:
			return -1
		case ra > rb:
			return 1
		}
		return 0
	})
	for i, s := range byRank {
		s.order = i
	}
	return all
}

// byFinal returns the strategies with the lowest final loss first.
func byFinal(all []*strategy) []*strategy {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b *strategy) int { return a.order - b.order })
	return sorted
}

// lossesAt returns the loss of every strategy at a step.
func lossesAt(all []*strategy, step int) []float64 {
	losses := make([]float64, len(all))
	for i, s := range all {
		losses[i] = s.lossAt(step)
	}
	return losses
}

// finals returns the final loss of every strategy, NaN for those that stopped.
func finals(all []*strategy) []float64 {
	losses := make([]float64, len(all))
	for i, s := range all {
		losses[i] = s.final
	}
	return losses
}

// stacksOf returns the layer map of each stack of an outcome, the encoder's first.
func stacksOf(o result.Outcome) [][]int {
	if len(o.Encoder) > 0 {
		return [][]int{o.Encoder, o.Map}
	}
	return [][]int{o.Map}
}

// grownFrom and grownTo are the depths of a result's models, an encoder's first.
func grownFrom(r *result.Study) growth.Depths { return depths(r.EncoderFrom, r.From, r.EncoderTo) }
func grownTo(r *result.Study) growth.Depths   { return depths(r.EncoderTo, r.To, r.EncoderTo) }

// depths leaves out the encoder where the grown model has none.
func depths(encoder, depth, grownEncoder int) growth.Depths {
	if grownEncoder > 0 {
		return growth.Depths{encoder, depth}
	}
	return growth.Depths{depth}
}

// pickNote says that LAG picks a strategy, and under how many of the seeds.
func (s *strategy) pickNote(text string) string {
	if s.seeds > 1 {
		return fmt.Sprintf("%s, %d of %d", text, s.picked, s.seeds)
	}
	return text
}

// underSeeds is a part of a title: nothing for one seed.
func underSeeds(n int) string {
	if n > 1 {
		return fmt.Sprintf(", mean of %d seeds", n)
	}
	return ""
}

// evaluatedSteps returns the steps at which some strategy was evaluated.
func evaluatedSteps(all []*strategy) []int {
	var steps []int
	for _, s := range all {
		steps = append(steps, s.steps...)
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// nearest returns the element of sorted steps that is closest to a step.
func nearest(steps []int, step int) int {
	best := steps[0]
	for _, s := range steps {
		if abs(s-step) < abs(best-step) {
			best = s
		}
	}
	return best
}

func abs(x int) int { return max(x, -x) }
