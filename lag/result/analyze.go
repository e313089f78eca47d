package result

import (
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/stats"
)

const (
	intervalLevel  = 0.95
	permutations   = 10000
	resamplingSeed = 1
)

// LagThreshold is the Spearman's rho that defines the lag time.
const LagThreshold = 0.9

// correlate computes the correlations of early losses and other signals with
// the final loss.
func (r *Study) correlate() {
	r.Correlation, r.LagTime = nil, nil
	steps, final := r.EvaluationSteps(), r.LossesAt(r.Steps)
	var rhos []float64
	for _, step := range steps {
		c := correlation(r.LossesAt(step), final)
		c.Step = step
		r.Correlation = append(r.Correlation, c)
		rhos = append(rhos, float64(c.Spearman))
	}
	// Exclude the last step, or the last ones: the final loss predicts itself.
	n := max(len(steps)-max(1, r.FinalEvaluations), 0)
	if step, ok := stats.LagTime(steps[:n], rhos[:n], LagThreshold); ok {
		r.LagTime = &step
	}
	r.Signals = []SignalCorrelation{}
	if len(r.Strategies) == 0 {
		return
	}
	for i, signal := range r.Strategies[0].Signals { // all strategies have the same signals
		skip := r.failed
		if signal.Name == SignalDecayedLoss {
			skip = r.branchFailed
		}
		values := r.without(skip, func(o Outcome) float64 {
			if v := o.Signals[i].value(); !math.IsNaN(v) || o.Status == StatusComplete {
				return v
			}
			return math.Inf(1)
		})
		c := correlation(values, r.without(skip, r.final))
		c.Step = signal.Step
		r.Signals = append(r.Signals, SignalCorrelation{signal.Name, signal.Decay, c})
	}
}

// correlation correlates values with final losses. Both are by seed and
// strategy.
func correlation(values, final [][]float64) Correlation {
	interval := stats.MeanSpearmanInterval(values, final, intervalLevel)
	return Correlation{
		Pearson:    Number(stats.MeanCorrelation(stats.Pearson, values, final)),
		Spearman:   Number(stats.MeanCorrelation(stats.Spearman, values, final)),
		Kendall:    Number(stats.MeanCorrelation(stats.KendallTauB, values, final)),
		SpearmanLo: Number(interval.Lo), SpearmanHi: Number(interval.Hi),
	}
}

// bySeed returns a value of each outcome, by seed and strategy. It excludes
// strategies in which the device failed, because their losses say nothing about
// them.
func (r *Study) bySeed(value func(Outcome) float64) [][]float64 {
	return r.without(r.failed, value)
}

// without is bySeed, but it excludes the strategies for which skip is true.
func (r *Study) without(skip func(i int) bool, value func(Outcome) float64) [][]float64 {
	table := make([][]float64, len(r.Seeds))
	for i, o := range r.Strategies {
		if seed := i / r.PoolSize(); !skip(i % r.PoolSize()) {
			table[seed] = append(table[seed], value(o))
		}
	}
	return table
}

// branchFailed reports whether the device failed in the i-th strategy, or in
// one of its decay branches, with any seed.
func (r *Study) branchFailed(i int) bool {
	branch := BranchName(r.Strategies[i].Name)
	return r.failed(i) || slices.ContainsFunc(r.Failures, func(f Failure) bool { return f.Run == branch })
}

// failedName reports whether the device failed in the strategy with that name.
func (r *Study) failedName(name string) bool {
	i := slices.IndexFunc(r.Strategies, func(o Outcome) bool { return o.Name == name })
	return i >= 0 && r.failed(i%r.PoolSize())
}

// failed reports whether the device failed in the i-th strategy with any seed.
func (r *Study) failed(i int) bool {
	for seed := range r.Seeds {
		if r.Under(seed)[i].Status == StatusFailed {
			return true
		}
	}
	return false
}

// countFailed returns the number of strategies in which the device failed.
func (r *Study) countFailed() (n int) {
	for i := range r.PoolSize() {
		if r.failed(i) {
			n++
		}
	}
	return n
}

// Counted returns the names of the strategies in which the device failed with no
// seed, in the order of the pool. Only they count in statistics.
func (r *Study) Counted() (names []string) {
	for i := range r.PoolSize() {
		if !r.failed(i) {
			names = append(names, r.Strategies[i].Name)
		}
	}
	return names
}

// LossesAt returns the losses at a step, by seed and strategy, of the strategies
// that [Study.Counted] names. A loss is +Inf if the candidate had diverged, and
// NaN if it was not measured. The loss at the last step is the final loss, see
// [Study.FinalSteps].
func (r *Study) LossesAt(step int) [][]float64 {
	return r.bySeed(func(o Outcome) float64 { return r.lossAt(o, step) })
}

// EvaluatedAt is [Study.LossesAt] with the loss of the evaluation at the step, also at
// the last.
func (r *Study) EvaluatedAt(step int) [][]float64 {
	return r.bySeed(func(o Outcome) float64 { return o.At(step) })
}

// EvaluationSteps returns the steps at which all candidates were evaluated,
// ignoring those that had stopped.
func (r *Study) EvaluationSteps() []int {
	var steps []int
	for _, o := range r.Strategies {
		if len(o.Curve) > len(steps) {
			steps = steps[:0]
			for _, p := range o.Curve {
				steps = append(steps, p.Step)
			}
		}
	}
	return steps
}

// PoolSize returns the number of strategies.
func (r *Study) PoolSize() int { return len(r.Strategies) / max(len(r.Seeds), 1) }

// Under returns the outcomes with the i-th seed, in the order of the pool.
func (r *Study) Under(i int) []Outcome {
	n := r.PoolSize()
	return r.Strategies[i*n : (i+1)*n]
}

// MeanAt returns the loss of the i-th strategy at a step, as the mean over the
// seeds. It is +Inf if the strategy had stopped with any seed, and NaN if the
// loss was not measured. The loss at the last step is the final loss.
func (r *Study) MeanAt(i, step int) float64 {
	sum := 0.0
	for seed := range r.Seeds {
		sum += r.lossAt(r.Under(seed)[i], step)
	}
	return sum / float64(len(r.Seeds))
}

// measureNoise compares the spread of strategies with the spread of seeds and
// with the error of the evaluation.
func (r *Study) measureNoise() {
	spread := stats.MeasureSpread(r.LossesAt(r.Steps))
	before := r.Noise
	r.Noise = Noise{Strategies: Number(spread.Strategies), Seeds: Number(spread.Seeds), Ratio: Number(spread.Ratio), IsNoise: spread.IsNoise()}
	if len(r.Pairs) > 0 && !slices.ContainsFunc(r.Strategies, func(o Outcome) bool { return len(o.Batches) > 0 }) {
		// A result of version 0.1 has no losses on single batches; keep the
		// values computed from them.
		r.Noise.PairError, r.Noise.Separable = before.PairError, before.Separable
		r.Noise.PairErrorAtLag, r.Noise.SeparableAtLag = before.PairErrorAtLag, before.SeparableAtLag
		return
	}
	r.Noise.PairError, r.Noise.Separable, r.Pairs = r.pairs(r.Steps)
	r.Noise.PairErrorAtLag, r.Noise.SeparableAtLag, _ = r.pairs(r.Lag)
}

// pairs compares all pairs of strategies at a step by their losses on the
// batches of the validation set, each averaged over the seeds. At the end the
// difference is that of the final losses. If these are means of several evaluations,
// the error is that of the last, whose losses on single batches are recorded: all
// evaluations are on the same batches, so that of the mean is about the same.
func (r *Study) pairs(step int) (medianError Number, separable Number, pairs []Pair) {
	n := r.PoolSize()
	losses := make([][]float64, n)
	for i := range n {
		for seed := range r.Seeds {
			for j, loss := range r.Under(seed)[i].batchesAt(step) {
				if j == len(losses[i]) {
					losses[i] = append(losses[i], 0)
				}
				if o := r.Under(seed)[i]; step == r.Steps && r.FinalEvaluations > 1 {
					loss += r.final(o) - o.At(step)
				}
				losses[i][j] += loss / float64(len(r.Seeds))
			}
			if len(r.Under(seed)[i].batchesAt(step)) == 0 || r.failed(i) { // it had stopped or failed
				losses[i] = nil
				break
			}
		}
	}
	pairs = []Pair{}
	var errors []float64
	for _, p := range stats.PairedDifferences(losses) {
		pairs = append(pairs, Pair{A: r.Strategies[p.First].Name, B: r.Strategies[p.Second].Name, Difference: Number(p.Mean), Error: Number(p.StdErr)})
		if !math.IsNaN(p.StdErr) {
			errors = append(errors, p.StdErr)
		}
	}
	if len(errors) == 0 {
		return Undefined(), Undefined(), pairs
	}
	slices.Sort(errors)
	return Number(errors[len(errors)/2]), Number(stats.Separable(losses)), pairs
}

// TrainingFLOPs returns the cost of training one candidate to the end, without
// learning coefficients. It is 0 if none was trained.
func (r *Study) TrainingFLOPs() float64 {
	for _, o := range r.Strategies { // all have the same depth
		if o.Status == StatusComplete {
			return o.FLOPs * float64(o.Trained()) / float64(o.Trained()+o.LearnSteps)
		}
	}
	for _, o := range r.Strategies {
		if n := o.Trained() + o.LearnSteps; n > 0 {
			return o.FLOPs * float64(r.Steps) / float64(n)
		}
	}
	for _, o := range r.Controls {
		if o.Status == StatusComplete {
			return o.FLOPs * float64(r.Steps) / float64(o.Steps)
		}
	}
	return 0
}
