package lag

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Stack trains every arm of a stacking under every seed, writes
// stacking_result.json and returns what it says. Whatever was computed before is
// not computed again, and other processes that run the same stacking take part
// of the work. When the context is cancelled, the state of the run at hand is
// saved first. An arm that diverges, or whose device fails, is an outcome, not an
// error; it is one if the device fails in all of them.
func Stack(ctx context.Context, c Stacking, o Options) (_ *result.Stacking, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if o, err = o.withDefaults(c.Name); err != nil {
		return nil, err
	}
	s, err := openSession(ctx, c.Task, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := claim(s.dir, result.StackingConfig, result.StackingResult, c, func(c Stacking) Stacking {
		c.Name, c.CheckpointEvery = "", 0
		return c
	}); err != nil {
		return nil, err
	}
	found := sumOf(s.dir, result.StackingResult)
	cost := func(m model.Model) float64 { return s.cost(m).FLOPs }
	budget := 0.0
	for _, stage := range c.Stages {
		model, err := c.Model.WithDepths(stage.Depths...)
		if err != nil {
			return nil, err
		}
		budget += float64(stage.Steps) * cost(model)
	}
	var chains []*chain
	for _, seed := range c.Seeds {
		for _, arm := range c.Arms {
			segments, err := c.segments(arm, budget, cost)
			if err != nil {
				return nil, err
			}
			chains = append(chains, &chain{session: s, config: c, arm: arm, seed: seed, segments: segments})
		}
	}
	if err := trainChains(ctx, chains); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(chains, func(ch *chain) bool { return ch.outcome.Status != result.StatusFailed }); i < 0 {
		return nil, advise("every arm failed", s.failed[0].outcome.Failed)
	}
	r := &result.Stacking{Family: c.Model.Family(), Backend: s.backend.Kind, Budget: budget, UnigramEntropy: s.dataset.UnigramEntropy, Plan: c.Stages, Seeds: c.Seeds, Words: s.words}
	for _, ch := range chains {
		r.Arms = append(r.Arms, ch.outcome)
	}
	r.Failures = s.failures(c.Seeds...)
	r.Analyze()
	if len(r.Failures) > 0 && sumOf(s.dir, result.StackingResult) != found {
		if other, err := result.LoadStacking(s.dir); err == nil && len(other.Failures) < len(r.Failures) {
			return other, nil // of another process, which did what failed in this one
		}
	}
	return r, atomicfile.WriteJSON(filepath.Join(s.dir, result.StackingResult), r)
}

// trainChains trains every chain. One that another process is at is passed over,
// and waited for at the end; one whose device fails is tried once more then.
func trainChains(ctx context.Context, chains []*chain) error {
	for _, wait := range []bool{false, true} {
		for i, ch := range chains {
			if ch.done {
				continue
			}
			ch.wait, ch.index, ch.count = wait, i, len(chains)
			if err := ch.train(ctx); err != nil && !errors.Is(err, errLater) {
				return fmt.Errorf("arm %s, seed %d: %w", ch.arm.Name, ch.seed, err)
			}
		}
	}
	return nil
}

// errLater tells that another process is at a run, or that its device failed for
// the first time.
var errLater = errors.New("the run is to be trained later")

// chain is the stages of an arm under one seed, one after another.
type chain struct {
	session  *session
	config   Stacking
	arm      Arm
	seed     int64
	segments []segment

	wait         bool // for other processes
	done         bool
	index, count int // among all chains
	outcome      result.ArmOutcome
}

func (ch *chain) train(ctx context.Context) error {
	ch.outcome = result.ArmOutcome{Name: ch.arm.Name, Rule: ch.arm.Rule, Seed: ch.seed, Status: result.StatusComplete, Final: result.Undefined()}
	var source *train.Run
	for i := range ch.segments {
		run, err := ch.segment(ctx, i, source)
		if err != nil {
			return err
		}
		if source = run; ch.outcome.Status != result.StatusComplete {
			break
		}
	}
	if ch.outcome.Status == result.StatusComplete {
		ch.outcome.Final = ch.outcome.Curve[len(ch.outcome.Curve)-1].Loss
	}
	ch.done = true
	return nil
}

// segment trains a stage, grown from the run of the one before it where there is
// one, and returns its run.
func (ch *chain) segment(ctx context.Context, i int, source *train.Run) (*train.Run, error) {
	s := ch.segments[i]
	event := progress.Event{Phase: progress.PhaseStack, Run: fmt.Sprintf("%s, %s", ch.arm.Name, s.model.Layers()), Seed: ch.seed, Index: ch.index, Count: ch.count}
	stage := result.StageOutcome{Depths: s.Depths, Steps: s.Steps, Loss: result.Undefined()}
	var run *train.Run
	var err error
	if source == nil {
		run, err = ch.first(s, event)
	} else {
		run, err = ch.grow(ctx, i, source, event, &stage)
	}
	if err != nil || run == nil {
		return nil, err
	}
	outcome, ok, err := ch.session.attempt(ctx, run, s.Steps, ch.wait)
	if err != nil {
		return nil, err
	}
	if !ok || outcome.Failed != nil && !ch.wait {
		return nil, errLater
	}
	ch.add(s, stage, outcome)
	return run, nil
}

// first is the run of an arm's first stage.
func (ch *chain) first(s segment, event progress.Event) (*train.Run, error) {
	config := ch.session.runConfig(progress.PhaseStack, s.model, ch.seed, s.schedule, ch.evaluate(s))
	run, err := ch.session.newRun(config, train.Checkpoints{Every: ch.config.CheckpointEvery}, event)
	if err != nil {
		return nil, err
	}
	ch.session.begin(run, func(context.Context) (*train.State, error) { return run.Program.NewState(ch.seed), nil })
	return run, nil
}

// grow has the rule pick a strategy, which trains candidates as far as the rule
// wants, and returns the run of the pick; nil where all stopped.
func (ch *chain) grow(ctx context.Context, i int, source *train.Run, event progress.Event, stage *result.StageOutcome) (*train.Run, error) {
	s := ch.segments[i]
	race, err := ch.session.newRace(growing{
		kind: progress.PhaseStack, source: source, model: ch.segments[i-1].model, to: s.Depths, seed: ch.seed, schedule: s.schedule,
		evaluate: ch.evaluate(s), firstBatch: s.schedule.Start, rules: s.rules(), every: ch.config.CheckpointEvery,
	}, s.pool, event)
	if err != nil {
		return nil, err
	}
	choice, extra, err := selection.Pick(ctx, s.rule, race)
	if err != nil {
		return nil, err
	}
	stage.Candidates, stage.ExtraSteps = len(s.pool), total(extra)
	ch.outcome.ExtraFLOPs += float64(stage.ExtraSteps) * s.flops
	ch.outcome.FLOPs += float64(stage.ExtraSteps) * s.flops
	if choice.Index < 0 {
		ch.outcome.Status = result.StatusDiverged
		if race.device != nil {
			ch.outcome.Status = result.StatusFailed
		}
		ch.outcome.Stages = append(ch.outcome.Stages, *stage)
		return nil, nil
	}
	picked := s.pool[choice.Index]
	stage.LearnSteps = s.grown.Candidates[choice.Index].LearnSteps
	ch.outcome.FLOPs += float64(stage.LearnSteps) * s.flops
	stage.Strategy, stage.Map, stage.Encoder = picked.Name, picked.Map, picked.Encoder
	return race.runs[choice.Index], nil
}

// add records a stage that was trained.
func (ch *chain) add(s segment, stage result.StageOutcome, outcome train.Outcome) {
	o := &ch.outcome
	for _, l := range outcome.Curve {
		o.Curve = append(o.Curve, result.StackingPoint{Step: s.schedule.Start + l.Step, FLOPs: o.FLOPs + float64(l.Step)*s.flops, Loss: result.Number(l.Value())})
	}
	o.FLOPs += float64(outcome.Steps) * s.flops
	stage.Loss = o.Curve[len(o.Curve)-1].Loss
	o.Status = statusOf(outcome)
	o.Stages = append(o.Stages, stage)
}

// evaluate returns the steps at which a stage is evaluated.
func (ch *chain) evaluate(s segment) []int {
	steps := evaluationsEvery(ch.config.EvaluateEvery, s.Steps)
	for _, rule := range s.rules() {
		steps = append(steps, rule.Evaluations(s.Steps)...)
	}
	steps = append(steps, branchSteps(s.rules())...)
	slices.Sort(steps)
	return slices.Compact(steps)
}
