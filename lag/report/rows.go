package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// row is a line of the table of strategies.
type row struct {
	result.Outcome               // under the first seed
	What                 string  // init, moments and schedule
	AtInit, AtLag, AtEnd float64 // mean losses over the seeds, NaN where there is none
	LagRank, EndRank     float64 // of these means
	Finals               []float64
	Unfinished           string // how it did not get to the end, see result.Unfinished
	Seeds                int
	Picked               int // seeds under which LAG picks it
}

// rows returns the strategies of a study, those with the lowest final loss first.
func rows(r *result.Study) []row {
	n := r.PoolSize()
	out := make([]row, n)
	picked := r.PicksOf(result.RuleLAG)
	atLag, atEnd := make([]float64, n), make([]float64, n)
	for i := range out {
		w := row{
			Outcome: r.Strategies[i], What: cmp.Or(r.Strategies[i].Summary, r.Strategies[i].Init), Seeds: max(1, len(r.Seeds)), Picked: picked[r.Strategies[i].Name],
			AtInit: r.MeanAt(i, 0), AtLag: r.MeanAt(i, r.Lag),
		}
		var statuses []result.Status
		for k := range w.Seeds {
			o := r.Under(k)[i]
			final := float64(o.Final)
			statuses = append(statuses, o.Status)
			if o.Status != result.StatusComplete {
				final = math.NaN()
			}
			w.Finals = append(w.Finals, final)
		}
		w.AtEnd, w.Unfinished = stat.Mean(w.Finals, nil), result.Unfinished(statuses...)
		atLag[i], atEnd[i] = w.AtLag, w.AtEnd
		out[i] = w
	}
	lagRanks, endRanks := stats.Ranks(atLag), stats.Ranks(atEnd)
	for i := range out {
		out[i].LagRank, out[i].EndRank = lagRanks[i], endRanks[i]
	}
	slices.SortStableFunc(out, func(a, b row) int { return cmp.Compare(lastIfNaN(a.AtEnd), lastIfNaN(b.AtEnd)) })
	return out
}

func lastIfNaN(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}

// mark says that LAG picks a strategy, and under how many of several seeds.
func (w row) mark(sign string) string {
	switch {
	case w.Picked == 0:
		return ""
	case w.Seeds == 1:
		return " " + sign
	}
	return fmt.Sprintf(" %s%d/%d", sign, w.Picked, w.Seeds)
}

// Status says how the strategy's trainings ended.
func (w row) Status() string {
	return cmp.Or(w.Unfinished, string(result.StatusComplete))
}

func (w row) final() string {
	if w.Unfinished != "" {
		return w.Unfinished
	}
	return number(w.AtEnd, 4)
}

// layerMaps writes the map of each stack, the encoder's first.
func layerMaps(o result.Outcome, encoderFrom, from int) string {
	text := o.LayerMap().Draw(from)
	if len(o.Encoder) > 0 {
		return growth.Map(o.Encoder).Draw(encoderFrom) + " | " + text
	}
	return text
}

// depths writes the depth of a model, "2+3" for an encoder-decoder.
func depths(encoder, depth int) string {
	if encoder > 0 {
		return fmt.Sprintf("%d+%d", encoder, depth)
	}
	return strconv.Itoa(depth)
}

// extraCost tells what a rule costs beyond training its pick alone.
func extraCost(flops, full float64) string {
	switch {
	case flops == 0:
		return "none"
	case full > 0:
		return fmt.Sprintf("%.2f trainings", flops/full)
	}
	return fmt.Sprintf("%.3g FLOPs", flops)
}

// Number formats a value as the tables do, and as a dash where there is none.
func Number(n result.Number, decimals int) string { return number(float64(n), decimals) }

// number formats a value, and a dash where there is none.
func number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// percent formats a share.
func percent(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) }

// share formats a share, and a dash where there is none.
func share(n result.Number) string {
	if !defined(n) {
		return "–"
	}
	return percent(float64(n))
}

// rank formats a rank: 3, or 3.5 for a tie.
func rank(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
