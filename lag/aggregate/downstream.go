package aggregate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// Downstream is a task other than the validation loss, over the strategies of a study.
type Downstream struct {
	result.DownstreamTask

	// Mean is the mean score over the seeds of each strategy, in the order of
	// [Strategies]; NaN if it was not measured with every seed. Lo and Hi are the lowest
	// and highest score of a seed.
	Mean, Lo, Hi []float64
	Source       float64 // NaN if it was not measured
	Measured     int     // strategies with a mean
	Ended        int     // strategies that were trained to the end

	// Rho is Spearman's correlation of the order by final loss with that by score, the
	// mean over the seeds: 1 if the lowest loss has the best score, and so on. Lo and Hi
	// are its 95% interval. All are NaN with fewer than four strategies.
	Rho, RhoLo, RhoHi float64

	// Lost is how much worse the strategy with the lowest final loss is than the best in
	// this task, both of those that were measured, in the task's unit.
	Lost float64

	// Reliability is how well the task tells the models apart: the correlation over the
	// strategies of the scores on one half of what the task samples with those on the
	// other, r, stepped up to the whole, 2r/(1+r) (Spearman 1910, Brown 1910), at least 0.
	// Near 0 the order in this task, and so Rho, is chance. NaN with fewer than four
	// strategies.
	Reliability float64

	Spread float64 // standard deviation of the mean scores over the strategies
	Error  float64 // median half width of the 95% interval of one model's score, over what the task samples
}

// leastForRho is the fewest strategies for which a correlation says something.
const leastForRho = 4

// DownstreamTasks returns the tasks that were measured of a study's models.
func DownstreamTasks(r *result.Study, d *result.Downstream) []Downstream {
	all := Strategies(r)
	var list []Downstream
	for _, t := range d.Tasks {
		list = append(list, downstreamTask(r, d, t, all))
	}
	return list
}

func downstreamTask(r *result.Study, d *result.Downstream, t result.DownstreamTask, all []*Strategy) Downstream {
	nan := math.NaN()
	of := Downstream{DownstreamTask: t, Source: nan, Rho: nan, RhoLo: nan, RhoHi: nan, Lost: nan, Error: nan, Reliability: nan}
	if s, ok := d.Score(t.Name, "", 0); ok {
		of.Source = float64(s.Score)
	}
	finals, scores := make([][]float64, len(r.Seeds)), make([][]float64, len(r.Seeds))
	var halves [2][][]float64
	for i := range halves {
		halves[i] = make([][]float64, len(r.Seeds))
	}
	var widths, means []float64
	best, lowest := math.Inf(1), nan // of what is worse if higher
	for _, strategy := range all {
		if !strategy.Stopped() {
			of.Ended++
		}
		var own []float64
		var parts [][]result.Number
		for _, seed := range r.Seeds {
			if s, ok := d.Score(t.Name, strategy.Name, seed); ok && !math.IsNaN(float64(s.Score)) {
				own, parts = append(own, float64(s.Score)), append(parts, s.Halves)
				if width := float64(s.Hi-s.Lo) / 2; !math.IsNaN(width) {
					widths = append(widths, width)
				}
			}
		}
		if len(own) < len(r.Seeds) || len(own) == 0 || strategy.Stopped() {
			of.Mean, of.Lo, of.Hi = append(of.Mean, nan), append(of.Lo, nan), append(of.Hi, nan)
			continue
		}
		mean := stat.Mean(own, nil)
		of.Mean, of.Lo, of.Hi = append(of.Mean, mean), append(of.Lo, slices.Min(own)), append(of.Hi, slices.Max(own))
		means = append(means, mean)
		if best = min(best, worse(t.Measure, mean)); of.Measured == 0 {
			lowest = worse(t.Measure, mean) // strategies are in the order of their final losses
		}
		of.Measured++
		for i := range r.Seeds {
			finals[i], scores[i] = append(finals[i], strategy.Finals[i]), append(scores[i], worse(t.Measure, own[i]))
			for h := range halves {
				half := nan
				if len(parts[i]) == len(halves) {
					half = float64(parts[i][h])
				}
				halves[h][i] = append(halves[h][i], half)
			}
		}
	}
	if len(widths) > 0 {
		slices.Sort(widths)
		of.Error = stat.Quantile(0.5, stat.Empirical, widths, nil)
	}
	of.Spread, of.Lost = stat.StdDev(means, nil), lowest-best
	if of.Measured >= leastForRho {
		of.Rho = stats.MeanCorrelation(stats.Spearman, finals, scores)
		interval := stats.MeanSpearmanInterval(finals, scores, 0.95)
		of.RhoLo, of.RhoHi = interval.Lo, interval.Hi
		if half := stats.MeanCorrelation(stats.Pearson, halves[0], halves[1]); !math.IsNaN(half) {
			half = max(0, half)
			of.Reliability = 2 * half / (1 + half)
		}
	}
	return of
}

// leastReliability is below what the order of strategies in a task says little.
const leastReliability = 0.5

// IsNoise reports whether the task does not tell the models apart, so that its
// correlation says nothing.
func (t Downstream) IsNoise() bool { return t.Reliability < leastReliability }

// Partial reports whether some strategies that were trained to the end have no score with
// some seed: an interruption, a state that is gone, or a result that is not finite.
func (t Downstream) Partial() bool { return t.Measured < t.Ended }

// worse returns a score as a number that is higher for a worse one.
func worse(m result.Measure, score float64) float64 {
	if m.LowerIsBetter() {
		return score
	}
	return -score
}

// Agreement says in a few words how well the order by final loss is that by score.
func (t Downstream) Agreement() string {
	if math.IsNaN(t.Rho) {
		return "no correlation: " + plain.Count(t.Measured, "strategy") + " measured"
	}
	text := fmt.Sprintf("%.2f", t.Rho)
	if !math.IsNaN(t.RhoLo) {
		text += fmt.Sprintf(" (%.2f to %.2f)", t.RhoLo, t.RhoHi)
	}
	if t.Partial() {
		text += fmt.Sprintf(" of %d of %d strategies", t.Measured, t.Ended)
	}
	return text
}

// WithDownstream returns a checklist that says what was measured downstream; d may be
// nil.
func WithDownstream(groups []CheckGroup, r *result.Study, d *result.Downstream) []CheckGroup {
	if d == nil || len(d.Tasks) == 0 {
		return groups
	}
	tasks := DownstreamTasks(r, d)
	ended := tasks[0].Ended
	fewest := ended
	var texts, others []string
	for _, t := range tasks {
		fewest = min(fewest, t.Measured)
		text := t.Name + " " + t.Agreement()
		if t.IsNoise() {
			text += ", which is chance: the task does not tell the strategies apart"
		}
		texts = append(texts, text)
		if name, ok := strings.CutPrefix(t.Name, result.LossOn); ok && t.Measure == result.MeasureLoss {
			others = append(others, name)
		}
	}
	item := CheckItem{when(fewest == ended, InPart), "downstream tasks", "Spearman's rho of the final loss with the score: " + strings.Join(texts, "; ")}
	if fewest < ended {
		item.Text += fmt.Sprintf("; of %s at least %d were measured", plain.Count(ended, "strategy"), fewest)
	}
	items := []CheckItem{item}
	if len(others) > 0 {
		items = append(items, CheckItem{InPart, "other data", "the final models' loss was also measured on " + strings.Join(others, ", ") + "; they were trained on one corpus"})
	}
	return replaced(groups, items)
}

// replaced returns a checklist with other items about the same things.
func replaced(groups []CheckGroup, items []CheckItem) []CheckGroup {
	groups = slices.Clone(groups)
	for g := range groups {
		groups[g].Items = slices.Clone(groups[g].Items)
		for i, old := range groups[g].Items {
			if k := slices.IndexFunc(items, func(item CheckItem) bool { return item.What == old.What }); k >= 0 {
				groups[g].Items[i] = items[k]
			}
		}
	}
	return groups
}
