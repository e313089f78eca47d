package result

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/stats"
)

const (
	fewStrategies = 12   // with fewer strategies, correlations over the pool say little
	settled       = 0.95 // least Spearman's rho with the final loss, in the last part of a training, for a settled ranking
	lastPart      = 0.75 // start of that part, as a share of the training
	errorShare    = 0.25 // largest acceptable error of a difference, as a share of the strategies' spread
)

// warnings returns the problems that affect how far the numbers can be trusted.
func warnings(r *Study) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if !r.Source.LeftPlateau() {
		list = append(list, r.Source.plateauWarning(r.Words))
	}
	if n := r.PoolSize() - r.countFailed(); n < fewStrategies {
		add("Only %s: a correlation over fewer than %d says little.", plain.Count(n, "strategy"), fewStrategies)
	}
	if len(r.Seeds) == 1 {
		add("One seed: how much of the ranking is noise of the seed was not measured (%s).", r.Words.For(advice.Seeds))
	}
	if r.Noise.IsNoise {
		add("The ranking is noise: the strategies' final losses spread by %s nats, and those of one strategy by %s under another seed; train longer, or with more seeds.",
			nats(r.Noise.Strategies), nats(r.Noise.Seeds))
	}
	list = append(list, r.evaluationWarnings()...)
	if names := r.otherRates(); len(names) > 0 {
		add("At the lag these strategies train at another learning rate than most, which moves the loss by itself: %s. LAG compares them unfairly; a rule with a decay branch does so less.", strings.Join(names, ", "))
	}
	if names, apart, kept := r.tiedAtInit(); len(names) > 1 {
		why := "begin as the same function" // such as with other moments of the optimizer
		if kept {
			why = "compute what the source computes"
		}
		add("At initialization %s have the lowest loss, the same to the last digit, because they %s: %s. That loss cannot choose between them, and the first of the pool is taken; they end up to %s nats apart.",
			plain.Count(len(names), "strategy"), why, strings.Join(names, ", "), nats(apart))
	}
	if step, rho := r.lastBeforeEnd(); rho < settled {
		add("The training after growing is short: at step %d of %d the ranking is not yet the final one (rho = %s), and may not be at the end; raise %s.", step, r.Steps, decimal(rho), r.Words.For(advice.Steps))
	}
	if n := r.count(StatusDiverged); n > 0 {
		add("%d of %s diverged; they rank last.", n, plain.Count(len(r.Strategies), "candidate"))
	}
	for _, o := range r.Controls {
		if o.Status == StatusDiverged {
			add("The control %s diverged under seed %d.", o.Name, o.Seed)
		}
	}
	for _, c := range r.Comparisons {
		if edge := c.Edge(); edge != "" {
			add("The best learning rate of the control %s is the %s of the sweep: one outside it may end lower.", c.Control.Kind(), edge)
		}
		if loss := float64(c.Final); loss > r.Source.UnigramEntropy-plateauMargin {
			add("The control %s is still on the unigram plateau: its loss of %.3f nats is not %.1f below the unigram entropy of %.3f.", c.Control, loss, plateauMargin, r.Source.UnigramEntropy)
		}
		if c.Difference < -2*c.Error {
			add("Growing did not pay here: from scratch (%s) the deep model ends lower than what LAG picks, by more than two standard errors.", c.Control)
		}
	}
	if text := failureWarning(r.Failures, r.Words); text != "" {
		list = append(list, text)
	}
	return list
}

// otherRates returns the strategies whose learning rate at the lag is not the
// most common one.
func (r *Study) otherRates() (names []string) {
	count := make(map[float64]int)
	common := 0.0
	for _, o := range r.Under(0) {
		if count[o.RateAtLag]++; count[o.RateAtLag] > count[common] {
			common = o.RateAtLag
		}
	}
	for _, o := range r.Under(0) {
		if o.RateAtLag != common {
			names = append(names, o.Name)
		}
	}
	return names
}

// tiedAtInit returns the strategies that share the lowest loss at initialization under
// every seed, the greatest difference between their mean final losses, in nats, and
// whether that lowest loss is the source's. Those that did not reach the end are not
// among them.
func (r *Study) tiedAtInit() (names []string, apart Number, kept bool) {
	low, high := math.Inf(1), math.Inf(-1)
	first, last := r.LossesAt(0), r.LossesAt(r.Steps)
	kept = true
	for _, losses := range first {
		kept = kept && len(losses) > 0 && slices.Min(losses) == float64(r.Source.Loss)
	}
	for i, name := range r.Counted() {
		final := 0.0
		tied := true
		for k := range first {
			tied = tied && first[k][i] == slices.Min(first[k])
			final += last[k][i] / float64(len(last))
		}
		if tied && !math.IsInf(final, 0) && !math.IsNaN(final) {
			names = append(names, name)
			low, high = min(low, final), max(high, final)
		}
	}
	return names, Number(high - low), kept
}

// evaluationWarnings returns warnings about a validation set that is too small
// for the differences.
func (r *Study) evaluationWarnings() []string {
	var list []string
	final := r.meanSpread(r.Steps)
	if share := float64(r.Noise.PairError) / final; share > errorShare {
		list = append(list, fmt.Sprintf("The validation set is small: the standard error of a difference between two final losses, %s nats, is %.0f%% of their spread of %.4f; with %.0f times the batches (%s) it would be %.0f%%.",
			nats(r.Noise.PairError), 100*share, final, math.Ceil(share*share/errorShare/errorShare), r.Words.For(advice.Validation), 100*errorShare))
	}
	if step, err := r.earlyError(); err > errorShare*r.meanSpread(step) {
		list = append(list, fmt.Sprintf("The early evaluations use too little text: at step %d the losses spread by %.4f nats, and a difference of losses on %s has a standard error of about %.4f (%s).",
			step, r.meanSpread(step), plain.Count(r.EarlyBatches, "validation batch"), err, r.Words.For(advice.EarlyBatches)))
	}
	atLag := r.meanSpread(r.Lag)
	if error := float64(r.Noise.PairErrorAtLag); 2*error > atLag {
		list = append(list, fmt.Sprintf("The lag is too short to tell candidates apart: at step %d their losses spread by %.4f nats, and a difference has a standard error of %.4f.", r.Lag, atLag, error))
	}
	return list
}

// earlyError returns the last step that was evaluated on a part of the
// validation set, and the standard error of a difference there, about that at the
// lag on as many batches. The error is 0 if there is no such step or error.
func (r *Study) earlyError() (step int, err float64) {
	for _, s := range r.EvaluationSteps() {
		if s > 0 && s < r.Lag {
			step = s
		}
	}
	whole := slices.IndexFunc(r.Strategies, func(o Outcome) bool { return len(o.batchesAt(r.Lag)) > 0 })
	if step == 0 || r.EarlyBatches == 0 || whole < 0 || math.IsNaN(float64(r.Noise.PairErrorAtLag)) {
		return step, 0
	}
	batches := len(r.Strategies[whole].batchesAt(r.Lag))
	return step, float64(r.Noise.PairErrorAtLag) * math.Sqrt(float64(batches)/float64(r.EarlyBatches))
}

// meanSpread returns the standard deviation, over the strategies, of the mean
// loss over the seeds at a step. It excludes strategies that stopped.
func (r *Study) meanSpread(step int) float64 {
	var means []float64
	for i := range r.PoolSize() {
		if m := r.MeanAt(i, step); !r.failed(i) && !math.IsInf(m, 0) && !math.IsNaN(m) {
			means = append(means, m)
		}
	}
	return stat.StdDev(means, nil)
}

// lastBeforeEnd returns the step of the first evaluation in the last part of
// the training and Spearman's rho there; rho is 1 if there is none.
func (r *Study) lastBeforeEnd() (step int, rho Number) {
	for _, c := range r.Correlation {
		if c.Step < r.Steps && float64(c.Step) >= lastPart*float64(r.Steps) {
			if r.FinalEvaluations > 1 { // the final loss may contain the loss at this step
				return c.Step, Number(stats.MeanCorrelation(stats.Spearman, r.EvaluatedAt(c.Step), r.EvaluatedAt(r.Steps)))
			}
			return c.Step, c.Spearman
		}
	}
	return r.Steps, 1
}

// count returns the number of candidates with a status.
func (r *Study) count(status Status) int {
	n := 0
	for _, o := range r.Strategies {
		if o.Status == status {
			n++
		}
	}
	return n
}

// verdict returns a paragraph on the claims that the study tests: whether the
// loss at initialization predicts the final loss, whether the loss after the
// lag does, from which step on, and what each costs as a rule.
func verdict(r *Study) string {
	probe := r.Lag
	rho := func(step int) Correlation {
		i := slices.IndexFunc(r.Correlation, func(c Correlation) bool { return c.Step == step })
		if i < 0 { // all stopped earlier
			return Correlation{Spearman: Undefined(), SpearmanLo: Undefined(), SpearmanHi: Undefined()}
		}
		return r.Correlation[i]
	}
	atInit, atLag := rho(0), rho(probe)
	from, to := r.Grown()
	change := stats.MeanPermutationTest(r.LossesAt(0), r.LossesAt(probe), r.LossesAt(r.Steps), permutations, resamplingSeed)
	var b strings.Builder
	failed := r.countFailed()
	if failed > 0 {
		fmt.Fprintf(&b, "The device failed in %d of %s; what follows is of the others. ", failed, plain.Count(r.PoolSize(), "strategy"))
	}
	fmt.Fprintf(&b, "Over %s from %s to %s layers%s, the loss at initialization relates to the final loss with Spearman's rho = %s (95%% interval %s to %s), ",
		plain.Count(r.PoolSize()-failed, "strategy"), plus(from), plus(to), underSeeds(len(r.Seeds)), decimal(atInit.Spearman), decimal(atInit.SpearmanLo), decimal(atInit.SpearmanHi))
	fmt.Fprintf(&b, "the loss after %d of %s with rho = %s (%s to %s); the difference has p %s in a permutation test. ",
		probe, plain.Count(r.Steps, "step"), decimal(atLag.Spearman), decimal(atLag.SpearmanLo), decimal(atLag.SpearmanHi), probability(change.P))
	if r.LagTime != nil {
		fmt.Fprintf(&b, "From step %d on rho stays at %.1f or above. ", *r.LagTime, LagThreshold)
	} else {
		fmt.Fprintf(&b, "Rho does not settle at %.1f or above before the end. ", LagThreshold)
	}
	b.WriteString(r.finalsInWords())
	if !math.IsNaN(float64(r.Noise.Ratio)) {
		fmt.Fprintf(&b, "Final losses differ by %s nats between strategies and by %s between seeds (standard deviations, ratio %.1f). ",
			nats(r.Noise.Strategies), nats(r.Noise.Seeds), float64(r.Noise.Ratio))
	}
	b.WriteString(r.picksInWords())
	b.WriteString(r.controlsInWords())
	return b.String()
}

// plus formats depths with a plus sign: "2+4" for an encoder and a decoder.
func plus(d growth.Depths) string { return strings.ReplaceAll(d.String(), ",", "+") }

func underSeeds(n int) string {
	if n > 1 {
		return fmt.Sprintf(", each under %s", plain.Count(n, "seed"))
	}
	return ""
}

func (r *Study) picksInWords() string {
	if r.complete() == 0 {
		return "No candidate is left to pick."
	}
	lag, ok := r.Rule(RuleLAG)
	initial, ok2 := r.Rule(RuleLossAtInit)
	random, ok3 := r.Rule(RuleRandom)
	if !ok || !ok2 || !ok3 {
		return ""
	}
	if len(r.Seeds) > 1 {
		return fmt.Sprintf("LAG's pick ends %s nats from the best on average, that by the loss at initialization %s, a random pick %s.",
			nats(lag.Regret), nats(initial.Regret), nats(random.Regret))
	}
	lagPick, _ := r.Pick(RuleLAG)
	initPick, _ := r.Pick(RuleLossAtInit)
	return fmt.Sprintf("LAG picks %s, %s nats from the best; the loss at initialization picks %s, %s from it; a random pick is %s from it on average.",
		lagPick.Strategy, nats(lagPick.Regret), initPick.Strategy, nats(initPick.Regret), nats(random.Regret))
}

// complete returns the number of candidates that reached the end.
func (r *Study) complete() int { return r.count(StatusComplete) }
