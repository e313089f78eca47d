package main

import (
	"fmt"
	"math"
	"slices"
)

// spread is what rounds gave: the median and the extremes.
type spread struct {
	Median, Min, Max float64
	Rounds           int
}

// spreadOf returns the spread of values, one for each round.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{Median: math.NaN(), Min: math.NaN(), Max: math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1], Rounds: n}
}

// speedup returns the spread of how many times as fast lag was as a peer, each
// round's seconds with those of the same round.
func speedup(lag, peer []float64) spread {
	ratios := make([]float64, min(len(lag), len(peer)))
	for i := range ratios {
		ratios[i] = peer[i] / lag[i]
	}
	return spreadOf(ratios)
}

func (s spread) String() string {
	if s.Rounds == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Min, s.Max)
}

// fewestRounds is how many rounds a difference takes: with fewer, chance often
// puts all of them on one side.
const fewestRounds = 3

// verdict says what a ratio of speeds shows.
func (s spread) verdict() string {
	switch {
	case s.Rounds == 0:
		return "not measured"
	case s.Rounds < fewestRounds || s.Min <= 1 && s.Max >= 1:
		return "no difference shown"
	case s.Min > 1:
		return "faster"
	}
	return "slower"
}

// reaches says whether a ratio is at least a target. All rounds must be on one
// side, so that noise does not decide.
func (s spread) reaches(target float64) string {
	few := ""
	if s.Rounds < fewestRounds {
		few = fmt.Sprintf(" (rounds: %d)", s.Rounds)
	}
	switch {
	case s.Rounds == 0:
		return "not measured"
	case s.Min >= target:
		return "yes" + few
	case s.Max < target:
		return "no" + few
	case s.Median >= target:
		return "by the median; the noise covers it"
	}
	return "not by the median; the noise covers it"
}

// agreement returns the greatest relative difference of two lists of losses, and
// the step at which it occurs.
func agreement(a, b []float64) (greatest float64, step int) {
	if len(a) != len(b) || len(a) == 0 {
		return math.Inf(1), 0
	}
	for i := range a {
		d := math.Abs(a[i]-b[i]) / math.Abs(a[i])
		if !(d <= greatest) { // NaN counts as a difference
			greatest, step = d, i
		}
	}
	return greatest, step
}
