package watch

import (
	"cmp"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/stats"
)

// candidates returns the runs of the candidates by seed and strategy, nil where a
// run has not begun, and the names of the strategies.
func (w *Watcher) candidates() (table [][]*watched, names []string) {
	at := make(map[int]*watched)
	for _, r := range w.runs {
		if r.planned >= 0 {
			at[r.planned] = r
		}
	}
	var seeds []int64
	for i, p := range w.planned {
		if p.Kind != progress.PhaseProbe {
			continue
		}
		seed := slices.Index(seeds, p.Seed)
		if seed < 0 {
			seed, seeds, table = len(seeds), append(seeds, p.Seed), append(table, nil)
		}
		if seed == 0 {
			names = append(names, p.Name)
		}
		table[seed] = append(table[seed], at[i])
	}
	return table, names
}

// rank returns the places of the strategies, the best first, and how well the
// losses at a step foretell the final ones.
func (w *Watcher) rank() ([]Rank, []Rho) {
	table, names := w.candidates()
	ranks := make([]Rank, len(names))
	sums := make([]placeSums, len(names))
	for i, name := range names {
		ranks[i] = Rank{Strategy: name, Status: "not begun"}
		ranks[i].Color, ranks[i].Dash = lookOf(i)
	}
	for _, row := range table {
		for i, r := range row {
			if r == nil {
				continue
			}
			one := &ranks[i]
			one.Runs++
			if r.ended {
				one.Ended++
			}
			if n := len(r.curve); n > 0 {
				one.Step = max(one.Step, int(r.curve[n-1][0]))
			}
			one.Status = worse(one.Status, r.status())
		}
	}
	lag, end := w.study.Growth.Lag, w.study.Growth.Schedule.Steps
	for _, row := range table {
		known := make(map[int]placesOf)
		places := func(step int) placesOf {
			if _, ok := known[step]; !ok {
				known[step] = placesAt(row, step)
			}
			return known[step]
		}
		atInit, atLag, atEnd := places(0), places(lag), places(end)
		for i, r := range row {
			if r == nil {
				continue
			}
			s := &sums[i]
			s.init.add(atInit.of[i])
			s.lag.add(atLag.of[i])
			s.end.add(atEnd.of[i])
			if loss, ok := r.at(ranks[i].Step); ok {
				s.loss.add(loss)
				now := places(ranks[i].Step)
				s.now.add(now.of[i])
				ranks[i].Among = max(ranks[i].Among, now.among)
			}
			if loss, ok := r.final(); ok {
				s.final.add(loss)
			}
		}
	}
	for i := range ranks {
		s := sums[i]
		ranks[i].Loss, ranks[i].Final = s.loss.mean(), s.final.mean()
		ranks[i].AtInit, ranks[i].AtLag, ranks[i].Now, ranks[i].AtEnd = s.init.mean(), s.lag.mean(), s.now.mean(), s.end.mean()
	}
	slices.SortStableFunc(ranks, func(a, b Rank) int {
		return cmp.Or(cmp.Compare(infinite(a.Final), infinite(b.Final)), cmp.Compare(share(a), share(b)), -cmp.Compare(a.Step, b.Step))
	})
	return ranks, rhos(table, end)
}

// share returns the place of a strategy as a share of those that it is among, for
// strategies that have not ended.
func share(r Rank) float64 {
	if r.Now == nil || r.Among == 0 {
		return math.Inf(1)
	}
	return *r.Now / float64(r.Among)
}

func infinite(x *float64) float64 {
	if x == nil {
		return math.Inf(1)
	}
	return *x
}

// worse returns the status of several runs: that which needs attention, or that a
// run is at work, or how far they are.
func worse(a, b string) string {
	order := []string{"damaged", "diverged", "at work", "partial", "complete", "not begun"}
	return order[min(uint(slices.Index(order, a)), uint(slices.Index(order, b)))]
}

// placeSums are sums over the seeds.
type placeSums struct{ init, lag, now, end, loss, final meanOf }

type meanOf struct {
	sum float64
	n   int
}

func (m *meanOf) add(x float64) {
	if !math.IsNaN(x) {
		m.sum, m.n = m.sum+x, m.n+1
	}
}

func (m meanOf) mean() *float64 {
	if m.n == 0 {
		return nil
	}
	mean := m.sum / float64(m.n)
	return &mean
}

// placesOf are the places of candidates by their losses at a step.
type placesOf struct {
	of    []float64 // of each candidate, NaN without a loss
	among int       // candidates with a loss
}

// placesAt returns the places of candidates at a step. Diverged ones are last.
func placesAt(row []*watched, step int) placesOf {
	places := placesOf{of: make([]float64, len(row))}
	var losses []float64
	var of []int
	for i, r := range row {
		places.of[i] = math.NaN()
		if r == nil {
			continue
		}
		loss, ok := r.at(step)
		if !ok && r.diverged && r.steps <= step {
			loss, ok = math.Inf(1), true
		}
		if ok {
			losses, of = append(losses, loss), append(of, i)
		}
	}
	for j, place := range stats.Ranks(losses) {
		places.of[of[j]] = place
	}
	places.among = len(of)
	return places
}

// fewest is the number of candidates below which a correlation says nothing.
const fewest = 4

// rhos correlates the losses at each step with the final losses of the candidates
// that have ended, and returns means over the seeds with enough of them.
func rhos(table [][]*watched, end int) []Rho {
	list := []Rho{}
	steps := make(map[int]bool)
	for _, row := range table {
		for _, r := range row {
			if r != nil && r.ended {
				for _, p := range r.curve {
					steps[int(p[0])] = true
				}
			}
		}
	}
	for step := range steps {
		var sum meanOf
		among := 0
		for _, row := range table {
			var early, final []float64
			for _, r := range row {
				if r == nil || !r.ended {
					continue
				}
				a, okA := r.at(step)
				b, okB := r.final()
				if okA && okB {
					early, final = append(early, a), append(final, b)
				}
			}
			if len(early) >= fewest && step < end {
				sum.add(stats.Spearman(early, final))
				among += len(early)
			}
		}
		if mean := sum.mean(); mean != nil {
			list = append(list, Rho{step, *mean, among})
		}
	}
	slices.SortFunc(list, func(a, b Rho) int { return cmp.Compare(a.Step, b.Step) })
	return list
}
