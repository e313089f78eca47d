package aggregate

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/stats"
)

// peakRate is the setting in which the studies of a sweep of the learning rate differ.
const peakRate = "growth.schedule.peak"

// Rates is a sweep of the learning rate after growing: studies that are the same but
// for their peak rate. A rate that all strategies share may favor some of them.
type Rates struct {
	Peaks      []float64 // peak learning rates, the lowest first
	Strategies []Swept   // that all studies have, the lowest at its own best rate first

	// Agreement is Spearman's rho, over the strategies, of the final losses at each
	// rate with those at each strategy's own best rate.
	Agreement []float64
	Best      []string  // the best strategy at each rate; "" if all diverged
	Regret    []float64 // final loss, at its own best rate, of the best at each rate, less the lowest of all

	AtEdge int // strategies whose own best rate is the lowest or the highest, so that the sweep does not enclose it
}

// Swept is a strategy in a sweep of the learning rate.
type Swept struct {
	Name   string
	Finals []float64 // mean final losses over the seeds at each rate; +Inf if it diverged
	Own    int       // index of the rate at which it ends lowest
}

// Lowest returns the final loss at the strategy's own best rate.
func (s Swept) Lowest() float64 { return s.Finals[s.Own] }

// Rates returns the sweep of the learning rate that the studies are, if they are one.
// settings are the differences of their configurations, see [Differences].
func (c *Comparison) Rates(settings []Setting) (r Rates, ok bool) {
	if len(settings) != 1 || settings[0].Name != peakRate || len(c.Shared) < 2 {
		return r, false
	}
	order := make([]int, len(c.Studies))
	peaks := make([]float64, len(c.Studies))
	for i, text := range settings[0].Values {
		order[i] = i
		if err := json.Unmarshal([]byte(text), &peaks[i]); err != nil {
			return r, false
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(peaks[a], peaks[b]) })
	ends := make([][]float64, len(order)) // by rate and strategy
	for k, i := range order {
		r.Peaks = append(r.Peaks, peaks[i])
		ends[k] = stats.MeanLosses(sharedFinals(c.Studies[i], c.Shared))
	}
	for s, name := range c.Shared {
		if !c.countedEverywhere(name) { // the device failed in it
			continue
		}
		one := Swept{Name: name}
		for k := range ends {
			loss := ends[k][s]
			if one.Finals = append(one.Finals, loss); loss < one.Finals[one.Own] {
				one.Own = k
			}
		}
		if one.Own == 0 || one.Own == len(ends)-1 {
			r.AtEdge++
		}
		r.Strategies = append(r.Strategies, one)
	}
	if len(r.Strategies) < 2 {
		return r, false
	}
	slices.SortStableFunc(r.Strategies, func(a, b Swept) int { return cmp.Compare(a.Lowest(), b.Lowest()) })
	lowest := column(r.Strategies, Swept.Lowest)
	for k := range r.Peaks {
		at := column(r.Strategies, func(s Swept) float64 { return s.Finals[k] })
		r.Agreement = append(r.Agreement, stats.Spearman(at, lowest))
		best, regret := "", math.NaN()
		if i := stats.ArgMin(at); i >= 0 {
			best, regret = r.Strategies[i].Name, lowest[i]-lowest[0]
		}
		r.Best, r.Regret = append(r.Best, best), append(r.Regret, regret)
	}
	return r, true
}

// countedEverywhere reports whether the device failed with a strategy in no study.
func (c *Comparison) countedEverywhere(name string) bool {
	return !slices.ContainsFunc(c.Studies, func(s Compared) bool { return !slices.Contains(s.Counted(), name) })
}

// column returns a value of each strategy.
func column(list []Swept, of func(Swept) float64) []float64 {
	values := make([]float64, len(list))
	for i, s := range list {
		values[i] = of(s)
	}
	return values
}
