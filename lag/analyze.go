package lag

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/lag/stats"
)

const (
	plateauMargin  = 0.3  // nats, see LeftPlateau
	fewStrategies  = 12   // below this, correlations over the pool say little
	intervalLevel  = 0.95 // of the confidence intervals
	permutations   = 10000
	resamplingSeed = 1
)

// LagThreshold is the Spearman's rho that defines the lag time.
const LagThreshold = 0.9

// undefined is the Number that JSON shows as null.
func undefined() Number { return Number(math.NaN()) }

// LeftPlateau tells whether the source model has learned more than which tokens
// are frequent. A masked language model first learns the frequencies, then
// those of the document at hand, and stays there until attention to positions
// forms; growing such a model and probing it measures nothing. A model has left
// when its loss is at least 0.3 nats below the unigram entropy, and below its
// own loss on the same sequences with their context in random order, which
// tells a model that reads from one that counts.
func (s Source) LeftPlateau() bool {
	loss := float64(s.Loss)
	return loss <= s.UnigramEntropy-plateauMargin && loss <= float64(s.ShuffledLoss)-plateauMargin
}

func (s Source) plateauWarning() string {
	return fmt.Sprintf("The source model is still on the unigram plateau: %s, so it has learned little more than "+
		"how frequent tokens are, and what grows from it says little about growing. Pretrain it longer than its %d steps (-pretrain).", s.plateau(), s.Steps)
}

// plateau says which of the conditions of [Source.LeftPlateau] do not hold.
func (s Source) plateau() string {
	var failed []string
	if !(float64(s.Loss) <= s.UnigramEntropy-plateauMargin) {
		failed = append(failed, fmt.Sprintf("the unigram entropy of %.3f", s.UnigramEntropy))
	}
	if !(float64(s.Loss) <= float64(s.ShuffledLoss)-plateauMargin) {
		failed = append(failed, fmt.Sprintf("its loss of %.3f on shuffled context", float64(s.ShuffledLoss)))
	}
	return fmt.Sprintf("its loss of %.3f nats is not %.1f below %s", float64(s.Loss), plateauMargin, strings.Join(failed, " and "))
}

// Initial is the loss right after growing, before any update.
func (o Outcome) Initial() float64 { return float64(o.Curve[0].Loss) }

// At is the loss at a step, +Inf where the candidate had diverged and NaN where
// it was not measured then.
func (o Outcome) At(step int) float64 {
	i := slices.IndexFunc(o.Curve, func(p Point) bool { return p.Step == step })
	switch {
	case i >= 0 && !math.IsNaN(float64(o.Curve[i].Loss)):
		return float64(o.Curve[i].Loss)
	case o.Status == StatusDiverged:
		return math.Inf(1)
	}
	return math.NaN()
}

// analyze derives a study's result from its runs.
func (c Config) analyze(source Source, outcomes []Outcome) *Result {
	r := &Result{
		Family: c.Model.Family(), From: c.Model.Layers, To: c.Growth.To, Steps: c.Growth.Schedule.Steps, ProbeSteps: c.Growth.ProbeSteps,
		Source: source, Strategies: outcomes, Warnings: []string{},
	}
	steps := c.Growth.evaluationSteps()
	final := lossesAt(outcomes, r.Steps)
	var rhos []float64
	for _, step := range steps {
		early := lossesAt(outcomes, step)
		rho := stats.Spearman(early, final)
		interval := stats.MeanSpearmanInterval([][]float64{early}, [][]float64{final}, intervalLevel)
		r.Correlation = append(r.Correlation, Correlation{
			Step: step, Pearson: Number(stats.Pearson(early, final)), Spearman: Number(rho), Kendall: Number(stats.KendallTauB(early, final)),
			SpearmanLo: Number(interval.Lo), SpearmanHi: Number(interval.Hi),
		})
		rhos = append(rhos, rho)
	}
	// The last step is left out: the final loss foretells itself.
	if step, ok := stats.LagTime(steps[:len(steps)-1], rhos[:len(rhos)-1], LagThreshold); ok {
		r.LagSteps = &step
	}
	r.Picks = c.picks(r)
	r.Warnings = append(r.Warnings, warnings(r)...)
	r.Verdict = verdict(r)
	return r
}

func lossesAt(outcomes []Outcome, step int) []float64 {
	losses := make([]float64, len(outcomes))
	for i, o := range outcomes {
		losses[i] = o.At(step)
	}
	return losses
}

// picks applies the selection rules. Costs count training after growing;
// evaluation is not counted.
func (c Config) picks(r *Result) []Pick {
	final := lossesAt(r.Strategies, r.Steps)
	step := c.Model.WithLayers(r.To).FLOPsPerStep(c.BatchSize, c.Objective.SequenceLength, c.Objective.Predictions(c.Objective.SequenceLength))
	others := float64(len(final) - 1)
	pick := func(rule string, index int, extraSteps int) Pick {
		p := Pick{Rule: rule, ExtraFLOPs: others * float64(extraSteps) * step, Regret: undefined(), RegretNorm: undefined()}
		if index >= 0 {
			p.Strategy = r.Strategies[index].Name
			regret := stats.Regret(final, index)
			p.Regret, p.RegretNorm = Number(regret), Number(stats.NormalizeRegret(final, regret))
		}
		return p
	}
	mean := stats.MeanRegret(final)
	return []Pick{
		pick(RuleLAG, stats.ArgMin(lossesAt(r.Strategies, r.ProbeSteps)), r.ProbeSteps),
		pick(RuleLossAtInit, stats.ArgMin(lossesAt(r.Strategies, 0)), 0),
		{Rule: RuleRandom, Regret: Number(mean), RegretNorm: Number(stats.NormalizeRegret(final, mean))},
		pick(RuleOracle, stats.ArgMin(final), r.Steps),
	}
}

// Names of the selection rules.
const (
	RuleLAG        = "lag"          // the lowest loss at the lag; the others are trained that long in vain
	RuleLossAtInit = "loss-at-init" // the lowest loss right after growing
	RuleRandom     = "random"       // the expectation over the pool
	RuleOracle     = "oracle"       // the lowest final loss; every candidate is trained to the end
)

// Pick returns the pick of a rule.
func (r *Result) Pick(rule string) (Pick, bool) {
	i := slices.IndexFunc(r.Picks, func(p Pick) bool { return p.Rule == rule })
	if i < 0 {
		return Pick{}, false
	}
	return r.Picks[i], true
}

// Choice says in words what the rule picks.
func (p Pick) Choice() string {
	switch {
	case p.Strategy != "":
		return p.Strategy
	case p.Rule == RuleRandom:
		return "(mean over the pool)"
	}
	return "(none: all diverged)"
}

// TrainingFLOPs is the cost of training one candidate to the end, the mean over
// those that got there; 0 where none did.
func (r *Result) TrainingFLOPs() float64 {
	sum, n := 0.0, 0
	for _, o := range r.Strategies {
		if o.Status == StatusComplete {
			sum, n = sum+o.FLOPs, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func warnings(r *Result) []string {
	var list []string
	if !r.Source.LeftPlateau() {
		list = append(list, r.Source.plateauWarning())
	}
	if n := len(r.Strategies); n < fewStrategies {
		list = append(list, fmt.Sprintf("Only %d strategies: a correlation over fewer than %d says little.", n, fewStrategies))
	}
	list = append(list, "One seed: how much of the ranking is noise of the seed was not measured.")
	if n := countDiverged(r.Strategies); n > 0 {
		list = append(list, fmt.Sprintf("%d of %d candidates diverged; they rank last.", n, len(r.Strategies)))
	}
	return list
}

func countDiverged(outcomes []Outcome) int {
	n := 0
	for _, o := range outcomes {
		if o.Status == StatusDiverged {
			n++
		}
	}
	return n
}

// verdict says in a paragraph what the study found.
func verdict(r *Result) string {
	probe := r.ProbeSteps
	initial, early, final := lossesAt(r.Strategies, 0), lossesAt(r.Strategies, probe), lossesAt(r.Strategies, r.Steps)
	rho := func(step int) Correlation {
		return r.Correlation[slices.IndexFunc(r.Correlation, func(c Correlation) bool { return c.Step == step })]
	}
	atInit, atLag := rho(0), rho(probe)
	change := stats.PermutationTest(initial, early, final, permutations, resamplingSeed)
	var b strings.Builder
	fmt.Fprintf(&b, "Over %d strategies from %d to %d layers, the loss at initialization relates to the final loss with Spearman's rho = %s (95%% interval %s to %s), ",
		len(r.Strategies), r.From, r.To, decimal(atInit.Spearman), decimal(atInit.SpearmanLo), decimal(atInit.SpearmanHi))
	fmt.Fprintf(&b, "the loss after %d of %d steps with rho = %s (%s to %s); the difference has p = %s in a permutation test. ",
		probe, r.Steps, decimal(atLag.Spearman), decimal(atLag.SpearmanLo), decimal(atLag.SpearmanHi), decimal(Number(change.P)))
	if r.LagSteps != nil {
		fmt.Fprintf(&b, "From step %d on rho stays at %.1f or above. ", *r.LagSteps, LagThreshold)
	} else {
		fmt.Fprintf(&b, "Rho does not settle at %.1f or above before the end. ", LagThreshold)
	}
	lagPick, _ := r.Pick(RuleLAG)
	initPick, _ := r.Pick(RuleLossAtInit)
	random, _ := r.Pick(RuleRandom)
	if oracle, _ := r.Pick(RuleOracle); oracle.Strategy == "" {
		b.WriteString("No candidate is left to pick.")
		return b.String()
	}
	fmt.Fprintf(&b, "LAG picks %s, %s nats from the best; the loss at initialization picks %s, %s from it; a random pick is %s from it on average.",
		lagPick.Strategy, nats(lagPick.Regret), initPick.Strategy, nats(initPick.Regret), nats(random.Regret))
	return b.String()
}

func decimal(n Number) string {
	if math.IsNaN(float64(n)) {
		return "undefined"
	}
	return fmt.Sprintf("%.2f", float64(n))
}

// nats formats a regret; that of a candidate that diverged is infinite.
func nats(n Number) string {
	if math.IsInf(float64(n), 1) {
		return "infinitely far"
	}
	return fmt.Sprintf("%.4f", float64(n))
}
