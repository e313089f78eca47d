package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/stats"
)

// row is a line of the table of strategies.
type row struct {
	lag.Outcome
	AtInit, AtLag, AtEnd float64 // losses, NaN where there is none
	LagRank, EndRank     float64 // among the strategies under the same seed
	Picked               bool    // by LAG
}

// rows returns the outcomes of a result, those with the lowest final loss first.
func rows(r *lag.Result) []row {
	bySeed := map[int64][]*row{}
	out := make([]row, len(r.Strategies))
	for i, o := range r.Strategies {
		out[i] = row{
			Outcome: o,
			AtInit:  lossAt(o, 0),
			AtLag:   lossAt(o, r.ProbeSteps),
			AtEnd:   float64(o.Final),
			Picked:  o.Name == lagPick(r),
		}
		if o.Status == lag.StatusDiverged {
			out[i].AtEnd = math.NaN()
		}
		bySeed[o.Seed] = append(bySeed[o.Seed], &out[i])
	}
	for _, group := range bySeed {
		atLag, atEnd := make([]float64, len(group)), make([]float64, len(group))
		for i, w := range group {
			atLag[i], atEnd[i] = w.AtLag, w.AtEnd
		}
		lagRanks, endRanks := stats.Ranks(atLag), stats.Ranks(atEnd)
		for i, w := range group {
			w.LagRank, w.EndRank = lagRanks[i], endRanks[i]
		}
	}
	slices.SortStableFunc(out, func(a, b row) int {
		switch la, lb := lastIfNaN(a.AtEnd), lastIfNaN(b.AtEnd); {
		case la < lb:
			return -1
		case la > lb:
			return 1
		}
		return 0
	})
	return out
}

func lastIfNaN(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}

// lossAt returns the loss at a step, NaN where it was not evaluated.
func lossAt(o lag.Outcome, step int) float64 {
	for _, p := range o.Curve {
		if p.Step == step {
			return float64(p.Loss)
		}
	}
	return math.NaN()
}

// lagPick returns the strategy that LAG picks, "" where there is none.
func lagPick(r *lag.Result) string {
	pick, _ := r.Pick(lag.RuleLAG)
	return pick.Strategy
}

// severalSeeds reports whether the outcomes have more than one seed.
func severalSeeds(r *lag.Result) bool {
	for _, o := range r.Strategies {
		if o.Seed != r.Strategies[0].Seed {
			return true
		}
	}
	return false
}

// extraCost tells what a rule costs beyond training its pick alone.
func extraCost(p lag.Pick, full float64) string {
	switch {
	case p.ExtraFLOPs == 0:
		return "none"
	case full > 0:
		return fmt.Sprintf("%.2f trainings", p.ExtraFLOPs/full)
	}
	return fmt.Sprintf("%.3g FLOPs", p.ExtraFLOPs)
}

// number formats a value, and a dash where there is none.
func number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

func finalLoss(w row) string {
	if w.Status == lag.StatusDiverged {
		return "diverged"
	}
	return number(w.AtEnd, 4)
}

// rank formats a rank: 3, or 3.5 for a tie.
func rank(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
