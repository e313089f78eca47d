package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// Foresights returns what the losses at each step tell of the final ones, with
// what it costs to probe until there. At most lines of them are shown, the lag
// always; 0 means all.
func Foresights(r *result.Study, list []aggregate.Foresight, lines int) string {
	headers := []string{"at step", "cost", "weighted tau", "decisions", "95% interval", "clear ones", "signal/noise"}
	for _, k := range aggregate.TopK {
		headers = append(headers, fmt.Sprintf("top %d", k))
	}
	several := len(r.Seeds) > 1
	if several {
		headers = append(headers, "near best", "on a new seed")
	}
	var cells [][]string
	for _, f := range thinned(list, lines, r.Lag) {
		line := []string{
			strconv.Itoa(f.Step), number(f.LAG.Extra, 2), number(f.WeightedTau, 2),
			percentOf(f.Decisions.Accuracy), percentInterval(f.Decisions.Interval), percentOf(f.Clear.Accuracy), number(f.Signal.Ratio, 1)}
		for _, recall := range f.Recall {
			line = append(line, percentOf(recall))
		}
		if several {
			line = append(line, percentOf(f.Within), number(f.NewSeed, 4))
		}
		cells = append(cells, line)
	}
	out := plainTable(headers, cells, 0)
	clearly := 0
	if len(list) > 0 {
		clearly = list[len(list)-1].Clear.Pairs
	}
	out += fmt.Sprintf("Decisions are the pairs of strategies that are ordered as at the end. The clear ones are of the %s that\nthen differ by %s. Cost is that of probing, in trainings.\n",
		plain.Count(clearly, "pair"), aggregate.ClearDifference(r))
	if several {
		out += "On a new seed: how many nats the pick of the other seeds ends above the one that they would pick at the end.\n"
	}
	return out
}

// thinned returns at most n of the steps, with the lag, the first and the last.
func thinned(list []aggregate.Foresight, n, lag int) []aggregate.Foresight {
	if n <= 0 || len(list) <= n {
		return list
	}
	var kept []aggregate.Foresight
	next := 0 // of the evenly spaced ones
	for i, f := range list {
		take := i == next*(len(list)-1)/max(n-2, 1)
		if take {
			next++
		}
		if take || f.Step == lag {
			kept = append(kept, f)
		}
	}
	return kept
}

// percentOf formats a share, and NaN as a dash.
func percentOf(x float64) string { return share(result.Number(x)) }

func percentInterval(i stats.Interval) string {
	if !defined(result.Number(i.Lo), result.Number(i.Hi)) {
		return "–"
	}
	return percentOf(i.Lo) + " to " + percentOf(i.Hi)
}

// ForesightColumns are the columns of [ForesightCSV] with what each has.
func ForesightColumns() [][2]string {
	columns := [][2]string{
		{"step", "training steps after growing"},
		{"extra_steps", "training steps of probing until there: those of LAG with this lag, mean over the seeds"},
		{"extra_flops", "their cost, FLOPs"},
		{"extra_trainings", "their cost in trainings of one candidate to the end"},
		{"spearman", "Spearman's rho of the loss at the step with the final loss, mean over the seeds"},
		{"spearman_lo", "lower end of its 95% interval"}, {"spearman_hi", "upper end"},
		{"pearson", "Pearson's r, likewise"}, {"kendall", "Kendall's tau-b, likewise"},
		{"weighted_tau", "weighted tau of the means over the seeds"},
		{"decision_accuracy", "share of the pairs of strategies that the means over the seeds order as at the end"},
		{"decision_lo", "lower end of its 95% interval"}, {"decision_hi", "upper end"}, {"decision_pairs", "pairs that differ at the end"},
		{"clear_accuracy", "decision_accuracy over the pairs that differ by more than two standard errors at the end"},
		{"clear_lo", "lower end of its 95% interval"}, {"clear_hi", "upper end"}, {"clear_pairs", "these pairs"},
		{"signal", "standard deviation over the strategies, nats per token"},
		{"noise", fmt.Sprintf("standard deviation of one training among the others over the last %d evaluations, nats per token", aggregate.LastEvaluations)},
		{"signal_to_noise", "signal / noise"},
	}
	for _, k := range aggregate.TopK {
		columns = append(columns, [2]string{fmt.Sprintf("top_%d_recall", k), fmt.Sprintf("share of the best %d at the end that are among the best %d at the step", k, k)})
	}
	return append(columns,
		[2]string{"near_best", fmt.Sprintf("probability that the pick at the step ends within %g nats of the best, by resampled seeds; empty for one seed", aggregate.Epsilon)},
		[2]string{"regret", "regret of the pick at the step, nats per token, mean over the seeds"},
		[2]string{"new_seed_regret", "final loss of the pick at the step less that of the pick at the end, both by the other seeds, nats per token, mean over the seeds; empty for one seed"})
}

// ForesightCSV writes what the losses at each step tell of the final ones, with
// a line for each step. The first line has the names of [ForesightColumns].
// Numbers have all their digits; one that is undefined or infinite is left
// empty.
func ForesightCSV(w io.Writer, list []aggregate.Foresight) error {
	var names []string
	for _, column := range ForesightColumns() {
		names = append(names, column[0])
	}
	lines := [][]string{names}
	for _, f := range list {
		c, d, clearly := f.Correlation, f.Decisions, f.Clear
		values := []float64{f.LAG.ExtraSteps, f.LAG.ExtraFLOPs, f.LAG.Extra, float64(c.Spearman), float64(c.SpearmanLo), float64(c.SpearmanHi),
			float64(c.Pearson), float64(c.Kendall), f.WeightedTau,
			d.Accuracy, d.Interval.Lo, d.Interval.Hi, float64(d.Pairs), clearly.Accuracy, clearly.Interval.Lo, clearly.Interval.Hi, float64(clearly.Pairs),
			f.Signal.Signal, f.Signal.Noise, f.Signal.Ratio}
		values = append(append(values, f.Recall[:]...), f.Within, float64(f.LAG.Regret), f.NewSeed)
		line := []string{strconv.Itoa(f.Step)}
		for _, v := range values {
			line = append(line, exact(result.Number(v)))
		}
		lines = append(lines, line)
	}
	return writeAll(csv.NewWriter(w), lines)
}
