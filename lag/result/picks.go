package result

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/stats"
)

// Kinds of selection rules, for [Study.Pick] and others; see [selection.Parse].
const (
	RuleLAG        = "lag"
	RuleLossAtInit = "loss-at-init"
	RuleRandom     = "random" // in a result, the expectation over the pool
	RuleOracle     = "oracle"
)

// Analyze computes everything that depends on the outcomes of the strategies:
// correlations, noise, the picks of the rules, comparisons with the controls,
// warnings and the verdict. It returns an error if a rule does not fit the
// study, or if the final losses cannot be means of so many evaluations.
func (r *Study) Analyze(ctx context.Context, rules []selection.Rule) (err error) {
	if err := r.setFinals(); err != nil {
		return err
	}
	r.correlate()
	r.measureNoise()
	if r.Picks, err = r.Replay(ctx, rules); err != nil {
		return err
	}
	r.Rules = r.Summarize(r.Picks)
	r.compare()
	r.Warnings = append([]string{}, warnings(r)...) // JSON writes an empty list as [], nil as null
	r.Verdict = verdict(r)
	return nil
}

// Again repeats the analysis with the same rules. The result is the same.
func (r *Study) Again(ctx context.Context) error {
	var rules []selection.Rule
	for _, summary := range r.Rules {
		if summary.Rule == RuleRandom {
			rules = append(rules, selection.Random{Seed: 1}) // the seed does not affect the expectation
			continue
		}
		rule, err := selection.Parse(summary.Rule)
		if err != nil {
			return err
		}
		rules = append(rules, rule)
	}
	return r.Analyze(ctx, rules)
}

// Replay applies selection rules to the recorded curves of each seed. It
// returns an error if the study was not evaluated at a step that a rule needs.
func (r *Study) Replay(ctx context.Context, rules []selection.Rule) ([]Pick, error) {
	var picks []Pick
	for i := range r.Seeds {
		list, err := r.replay(ctx, i, rules)
		if err != nil {
			return nil, err
		}
		picks = append(picks, list...)
	}
	return picks, nil
}

// Sweeps returns the rules that [Study.Replay] can answer from the recorded
// curves and decay branches, at every budget: [selection.Sweeps].
func (r *Study) Sweeps() []selection.Sweep {
	var branches []selection.Branch
	if len(r.Strategies) > 0 {
		for _, s := range r.Strategies[0].Signals { // all strategies have the same signals
			if s.Name == SignalDecayedLoss {
				branches = append(branches, selection.Branch{Step: s.Step - s.Decay, Decay: s.Decay})
			}
		}
	}
	return selection.Sweeps(r.PoolSize(), r.Steps, r.EvaluationSteps(), branches, len(r.recordedBatches()) > 0)
}

// MeanBestOf returns the expected regret of training n strategies of the pool,
// drawn with equal probability, to the end and picking the best of them, as the
// mean over the seeds: [stats.BestOfRegret]. It costs n-1 trainings. Strategies
// in which the device failed are not drawn.
func (r *Study) MeanBestOf(n int) float64 {
	sum := 0.0
	for _, final := range r.LossesAt(r.Steps) {
		sum += stats.BestOfRegret(final, n)
	}
	return sum / float64(len(r.Seeds))
}

// replay applies selection rules to the curves of the i-th seed. Costs are
// those of training after growing, without evaluation.
func (r *Study) replay(ctx context.Context, i int, rules []selection.Rule) ([]Pick, error) {
	outcomes := r.Under(i)
	final, sound := r.finalsOf(outcomes), r.LossesAt(r.Steps)[i]
	recording, err := r.recording(outcomes, rules)
	if err != nil {
		return nil, err
	}
	var picks []Pick
	for _, rule := range rules {
		p := Pick{Rule: rule.String(), Seed: r.Seeds[i], Regret: Undefined(), RegretNorm: Undefined()}
		if _, ok := rule.(selection.Random); ok {
			// Use the expectation: a single draw depends on luck.
			mean := stats.MeanRegret(sound)
			p.Rule, p.Regret, p.RegretNorm = RuleRandom, Number(mean), Number(stats.NormalizeRegret(sound, mean))
			picks = append(picks, p)
			continue
		}
		choice, extra, err := selection.Pick(ctx, rule, recording)
		if err != nil {
			return nil, err
		}
		for j, steps := range extra {
			p.ExtraSteps += steps
			p.ExtraFLOPs += float64(steps) * stepFLOPs(outcomes, j)
		}
		for _, j := range choice.Undecided {
			p.Undecided = append(p.Undecided, outcomes[j].Name)
		}
		if choice.Index >= 0 {
			p.Strategy = outcomes[choice.Index].Name
			if !r.failed(choice.Index) { // nothing is known about the loss of a failed strategy picked by name
				regret := stats.Regret(final, choice.Index)
				p.Regret, p.RegretNorm = Number(regret), Number(stats.NormalizeRegret(sound, regret))
			}
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// stepFLOPs returns the cost of a training step of a candidate. All candidates
// have the same depth, so it uses another one if this one trained no step.
func stepFLOPs(outcomes []Outcome, i int) float64 {
	of := func(o *Outcome) float64 {
		if n := o.Trained() + o.LearnSteps; n > 0 {
			return o.FLOPs / float64(n)
		}
		return 0
	}
	flops := of(&outcomes[i])
	for j := 0; flops == 0 && j < len(outcomes); j++ {
		flops = of(&outcomes[j])
	}
	return flops
}

// recording returns the curves on which selection rules are replayed.
func (r *Study) recording(outcomes []Outcome, rules []selection.Rule) (*selection.Recording, error) {
	var grown selection.Grown
	grown.From, grown.To = r.Grown()
	var curves [][]selection.Point
	for i, o := range outcomes {
		var curve []selection.Point
		for _, p := range o.Curve {
			curve = append(curve, selection.Point{Step: p.Step, Loss: float64(p.Loss)})
			if p.Step == r.Steps && r.FinalEvaluations > 1 {
				curve[len(curve)-1].Loss = r.final(o)
			}
		}
		if r.failed(i) { // with any seed: rules skip it with all seeds
			curve = []selection.Point{{Step: 0, Loss: math.NaN()}}
		} else if n := len(curve); o.stoppedAt() != nil && (n == 0 || !math.IsNaN(curve[n-1].Loss)) {
			step := *o.stoppedAt()
			if n > 0 && curve[n-1].Step == step {
				step++ // the evaluation came before the failed update
			}
			curve = append(curve, selection.Point{Step: step, Loss: math.NaN()})
		}
		grown.Candidates, curves = append(grown.Candidates, o.candidate()), append(curves, curve)
	}
	var branches []selection.RecordedBranch
	for _, b := range selection.Branches(rules...) {
		branch := selection.RecordedBranch{Branch: b}
		for j, o := range outcomes {
			i := slices.IndexFunc(o.Signals, func(s Signal) bool {
				return s.Name == SignalDecayedLoss && s.Step == b.Step+b.Decay && s.Decay == b.Decay
			})
			if i < 0 {
				return nil, advice.Errorf(advice.Rules, "the study has no decay branch of %s from step %d; run it again with the rule decay:%d,%d among its rules", plain.Count(b.Decay, "step"), b.Step, b.Step, b.Decay)
			}
			loss := o.Signals[i].value()
			if r.failed(j) {
				loss = math.Inf(1)
			}
			branch.Losses = append(branch.Losses, loss)
		}
		branches = append(branches, branch)
	}
	recording, err := selection.NewRecording(grown, r.Steps, curves, branches...)
	if err != nil {
		return nil, err
	}
	var batches []selection.RecordedBatches
	for _, step := range r.recordedBatches() {
		at := selection.RecordedBatches{Step: step}
		for _, o := range outcomes {
			at.Losses = append(at.Losses, o.batchesAt(step))
		}
		batches = append(batches, at)
	}
	return recording, recording.SetBatches(r.ValidationBatches, batches...)
}

// recordedBatches returns the steps at which the losses on single batches of the
// validation set were recorded.
func (r *Study) recordedBatches() (steps []int) {
	for _, o := range r.Strategies {
		for _, b := range o.Batches {
			steps = append(steps, b.Step)
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// ValidationBatches returns the number of validation batches of the evaluation at
// a step; 0 if it is not known, as in results of version 0.1.
func (r *Study) ValidationBatches(step int) int {
	if r.EarlyBatches > 0 && step > 0 && step < r.Lag {
		return r.EarlyBatches
	}
	whole := 0
	for _, o := range r.Strategies {
		whole = max(whole, len(o.batchesAt(r.Steps)), len(o.batchesAt(r.Lag)))
	}
	return whole
}

// Summarize returns the mean of each rule's picks over the seeds.
func (r *Study) Summarize(picks []Pick) []RuleSummary {
	var list []RuleSummary
	for _, p := range picks {
		i := slices.IndexFunc(list, func(s RuleSummary) bool { return s.Rule == p.Rule })
		if i < 0 {
			i = len(list)
			list = append(list, RuleSummary{Rule: p.Rule})
		}
		s, n := &list[i], float64(len(r.Seeds))
		s.ExtraFLOPs += p.ExtraFLOPs / n
		s.Regret += p.Regret / Number(n)
		s.RegretNorm += p.RegretNorm / Number(n)
		outcomes := r.Under(max(slices.Index(r.Seeds, p.Seed), 0))
		pick := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Name == p.Strategy })
		final := r.finalsOf(outcomes)
		switch left := len(outcomes) - r.countFailed(); {
		case left == 0:
		case p.Rule == RuleRandom:
			s.Hit1 += min(1, 1/float64(left)) / n
			s.Hit3 += min(1, 3/float64(left)) / n
		case pick >= 0:
			s.Hit1 += share01(stats.HitAt(final, pick, 1)) / n
			s.Hit3 += share01(stats.HitAt(final, pick, 3)) / n
		}
	}
	return list
}

func share01(hit bool) float64 {
	if hit {
		return 1
	}
	return 0
}

// finalsOf returns the final losses of a seed's outcomes, +Inf for strategies
// in which the device failed with any seed.
func (r *Study) finalsOf(outcomes []Outcome) []float64 {
	losses := make([]float64, len(outcomes))
	for i, o := range outcomes {
		if losses[i] = r.final(o); r.failed(i) {
			losses[i] = math.Inf(1)
		}
	}
	return losses
}

// isKind reports whether a rule, in the syntax of [selection.Parse], is of a
// kind.
func isKind(rule, kind string) bool {
	name, _, _ := strings.Cut(rule, ":")
	return name == kind
}

// Pick returns the pick of a rule, or of the first rule of a kind such as
// [RuleLAG], with the first seed.
func (r *Study) Pick(rule string) (Pick, bool) {
	rule = r.meant(rule)
	i := slices.IndexFunc(r.Picks, func(p Pick) bool { return p.Rule == rule || isKind(p.Rule, rule) })
	if i < 0 {
		return Pick{}, false
	}
	return r.Picks[i], true
}

// PicksOf returns the strategies that a rule, or the first rule of a kind,
// picks, each with its number of seeds.
func (r *Study) PicksOf(rule string) map[string]int {
	picks := make(map[string]int)
	first, ok := r.Pick(rule)
	for _, p := range r.Picks {
		if ok && p.Rule == first.Rule && p.Strategy != "" {
			picks[p.Strategy]++
		}
	}
	return picks
}

// meant returns the rule that a rule or a kind stands for, if it is not the first of the
// kind: LAG is the one with the study's lag, whatever other lags are among the rules.
func (r *Study) meant(rule string) string {
	own := fmt.Sprintf("%s:%d", RuleLAG, r.Lag)
	if rule == RuleLAG && slices.ContainsFunc(r.Picks, func(p Pick) bool { return p.Rule == own }) {
		return own
	}
	return rule
}

// Rule returns the summary of a rule, or of the first rule of a kind. [RuleLAG] is that
// with the study's lag, if it is among the rules.
func (r *Study) Rule(rule string) (RuleSummary, bool) {
	rule = r.meant(rule)
	i := slices.IndexFunc(r.Rules, func(s RuleSummary) bool { return s.Rule == rule || isKind(s.Rule, rule) })
	if i < 0 {
		return RuleSummary{}, false
	}
	return r.Rules[i], true
}

// Choice returns a description of the pick.
func (p Pick) Choice() string {
	switch {
	case p.Strategy != "":
		return p.Strategy
	case p.Rule == RuleRandom:
		return "(mean over the pool)"
	}
	return "(none: none got that far)"
}

// Choices returns a description of a rule's picks. If the picks differ between
// seeds, it includes the number of seeds: "stack (2), top-copy (1)".
func (r *Study) Choices(rule string) string {
	var names []string
	counts := make(map[string]int)
	for _, p := range r.Picks {
		if p.Rule != rule {
			continue
		}
		if counts[p.Choice()]++; counts[p.Choice()] == 1 {
			names = append(names, p.Choice())
		}
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, counts[name])
	}
	return strings.Join(names, ", ")
}
