package figure

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/plot/plotter"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/stats"
)

// strategy is what a result says of one strategy, averaged over its seeds.
type strategy struct {
	name  string
	init  string
	maps  []int
	seeds int
	steps []int     // at which every seed was evaluated
	loss  []float64 // mean over the seeds at steps[i]; NaN where one of them diverged
	final float64   // NaN where one of the seeds diverged
	flops float64   // of one seed
	order int       // by the final loss, 0 for the lowest
}

func (s *strategy) diverged() bool { return math.IsNaN(s.final) }

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
func strategies(r *lag.Result) []*strategy {
	var all []*strategy
	sums := map[string]map[int][]float64{}
	for _, o := range r.Strategies {
		if sums[o.Name] == nil {
			sums[o.Name] = map[int][]float64{}
			all = append(all, &strategy{name: o.Name, init: o.Init, maps: o.Map, flops: o.FLOPs})
		}
		s := all[slices.IndexFunc(all, func(s *strategy) bool { return s.name == o.Name })]
		s.seeds++
		final := float64(o.Final)
		if o.Status == lag.StatusDiverged || math.IsInf(final, 0) {
			final = math.NaN()
		}
		s.final += final
		for _, p := range o.Curve {
			sums[o.Name][p.Step] = append(sums[o.Name][p.Step], float64(p.Loss))
		}
	}
	finals := make([]float64, len(all))
	for i, s := range all {
		s.final /= float64(s.seeds)
		finals[i] = s.final
		for step, losses := range sums[s.name] {
			if len(losses) == s.seeds {
				s.steps = append(s.steps, step)
			}
		}
		sort.Ints(s.steps)
		for _, step := range s.steps {
			mean := 0.0
			for _, l := range sums[s.name][step] {
				mean += l / float64(s.seeds)
			}
			s.loss = append(s.loss, mean)
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

// finals returns the final loss of every strategy, NaN for diverged ones.
func finals(all []*strategy) []float64 {
	losses := make([]float64, len(all))
	for i, s := range all {
		losses[i] = s.final
	}
	return losses
}

// lagPick returns the strategy that LAG picks, "" where the result has no such pick.
func lagPick(r *lag.Result) string {
	pick, _ := r.Pick(lag.RuleLAG)
	return pick.Strategy
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
