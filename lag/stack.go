package lag

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Stack trains every arm of a stacking with every seed, writes
// stacking_result.json and returns the result. It does not repeat completed
// work. Other processes that run the same stacking share the work. If the
// context is canceled, Stack saves the state of the current run before it
// returns. If an arm diverges, or the device fails in it, that is an outcome,
// not an error. If the device fails in all arms, that is an error. With an engine in
// the options, that does all of this, and Stack follows it.
func Stack(ctx context.Context, c Stacking, o Options) (*result.Stacking, error) {
	if err := errors.Join(c.Validate(), o.validate()); err != nil {
		return nil, err
	}
	if o.On != nil {
		return carryOn(ctx, c, o, result.LoadStacking, c.follower(o))
	}
	var r *result.Stacking
	err := o.scheduler(c.Name, order{Kind: orderStacking, Stacking: &c}, c.measured).Carry(ctx, engine.Plan{
		// The data, which all processes need.
		Open: func(ctx context.Context) error {
			s, err := engine.Open(ctx, c.Task, o.engine(c.Name))
			if err != nil {
				return err
			}
			return s.Close()
		},
		Work: func(ctx context.Context) error {
			stacking, err := c.stack(ctx, o)
			r = stacking
			return err
		},
	})
	return r, err
}

// stack trains in this process; see [Stack].
func (c Stacking) stack(ctx context.Context, o Options) (_ *result.Stacking, err error) {
	s, err := engine.Open(ctx, c.Task, o.engine(c.Name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	hash, err := claim(ctx, s.Dir(), c, s.Backend())
	if err != nil {
		return nil, err
	}
	s.WarnOfTeam()
	found := fileHash(s.Dir(), result.StackingResult)
	arms, budget, err := c.trainArms(ctx, s)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(arms, func(a *armTraining) bool { return a.outcome.Status != result.StatusFailed }) {
		return nil, engine.Advise("every arm failed", s.FirstFailure())
	}
	r := &result.Stacking{Family: c.Model.Family(), Backend: s.Backend(), Budget: budget, UnigramEntropy: s.Dataset().UnigramEntropy, Plan: c.Stages, Seeds: c.Seeds, ConfigHash: hash, Words: o.Words}
	for _, a := range arms {
		r.Arms = append(r.Arms, a.outcome)
	}
	r.Failures = s.Failures(c.Seeds...)
	r.Analyze()
	// Another process may have claimed the directory for another configuration.
	if _, err := claim(ctx, s.Dir(), c, s.Backend()); err != nil {
		return nil, err
	}
	return save(ctx, s.Dir(), result.StackingResult, r, result.LoadStacking, found)
}

// trainArms trains every arm with every seed. It also returns the budget of
// each in FLOPs.
func (c Stacking) trainArms(ctx context.Context, s *engine.Session) (arms []*armTraining, budget float64, err error) {
	arms, jobs, budget, err := c.jobs(s)
	if err != nil {
		return nil, 0, err
	}
	if err := s.Do(ctx, jobs...); err != nil {
		return nil, 0, err
	}
	releaseLeft(arms)
	return arms, budget, nil
}

// jobs returns the arms with every seed, a job for each, and the budget of each in
// FLOPs.
func (c Stacking) jobs(s *engine.Session) (arms []*armTraining, jobs []engine.Job, budget float64, err error) {
	if budget, err = c.budget(); err != nil {
		return nil, nil, 0, err
	}
	if arms, err = c.arms(s, budget); err != nil {
		return nil, nil, 0, err
	}
	states := c.newStackStates(s, arms)
	for _, a := range arms {
		a.states = states
		jobs = append(jobs, a.job)
	}
	return arms, jobs, budget, nil
}

// join helps another process with the training of a stacking.
func (c Stacking) join(ctx context.Context, o Options, shared <-chan struct{}) (err error) {
	select {
	case <-shared:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s, err := engine.Open(ctx, c.Task, o.engine(c.Name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, _, err = c.trainArms(ctx, s)
	return err
}

// budget returns the FLOPs that every arm may spend: the cost of the plan
// without probing.
func (c Stacking) budget() (float64, error) {
	budget := 0.0
	for _, stage := range c.Stages {
		m, err := c.Model.WithDepths(stage.Depths...)
		if err != nil {
			return 0, err
		}
		budget += float64(stage.Steps) * c.stepFLOPs(m)
	}
	return budget, nil
}

// arms returns the arms for each seed, not yet trained.
func (c Stacking) arms(s *engine.Session, budget float64) ([]*armTraining, error) {
	var list []*armTraining
	for _, seed := range c.Seeds {
		for _, arm := range c.Arms {
			stages, err := c.plannedStages(arm, budget, c.stepFLOPs)
			if err != nil {
				return nil, err
			}
			list = append(list, &armTraining{session: s, config: c, arm: arm, seed: seed, stages: stages})
		}
	}
	for i, a := range list {
		a.index, a.count = i, len(list)
	}
	return list, nil
}

// armTraining is an arm with one seed. It trains one stage after another.
type armTraining struct {
	session *engine.Session
	config  Stacking
	arm     Arm
	seed    int64
	stages  []plannedStage

	index, count int // among all arms
	outcome      result.ArmOutcome

	states *stackStates  // nil if all states are kept
	runs   []*engine.Run // that it has used, with candidates and branches
	final  *engine.Run   // of its last stage, or nil
	over   bool
}

// job trains the stages.
func (a *armTraining) job(ctx context.Context, bring engine.Bring) error {
	a.outcome = result.ArmOutcome{Name: a.arm.Name, Rule: a.arm.Rule, Seed: a.seed, Status: result.StatusComplete, Final: result.Undefined()}
	var source *engine.Run
	for i := range a.stages {
		run, err := a.stage(ctx, bring, i, source)
		if err != nil {
			return fmt.Errorf("arm %s, seed %d: %w", a.arm.Name, a.seed, err)
		}
		if source = run; a.outcome.Status != result.StatusComplete {
			a.end(nil)
			return nil
		}
	}
	a.end(source)
	a.outcome.Final = a.outcome.Curve[len(a.outcome.Curve)-1].Loss
	return nil
}

// stage trains stage i and returns its run. Unless source is nil, it first
// grows the model of that run.
func (a *armTraining) stage(ctx context.Context, bring engine.Bring, i int, source *engine.Run) (*engine.Run, error) {
	s := a.stages[i]
	label := progress.Event{Phase: progress.PhaseStack, Run: fmt.Sprintf("%s, %s", a.arm.Name, s.model.Layers()), Seed: a.seed, Index: a.index, Count: a.count, Place: a.index % len(a.config.Arms)}
	stage := result.StageOutcome{Depths: s.Depths, Steps: s.Steps, Loss: result.Undefined()}
	var run *engine.Run
	var err error
	if source == nil {
		run, err = a.first(label)
	} else {
		run, err = a.grow(ctx, bring, i, source, label, &stage)
	}
	if err != nil || run == nil {
		return nil, err
	}
	a.runs = append(a.runs, run)
	run.Last = i == len(a.stages)-1
	outcomes, err := bring([]*engine.Run{run}, s.Steps)
	if err != nil {
		return nil, err
	}
	a.add(s, stage, outcomes[0])
	return run, nil
}

// first returns the run of an arm's first stage.
func (a *armTraining) first(label progress.Event) (*engine.Run, error) {
	s := a.stages[0]
	spec := a.session.Spec(progress.PhaseStack, s.model, a.seed, s.schedule, a.evaluations(s))
	return a.session.NewRun(spec, nil, train.Checkpoints{Every: a.config.CheckpointEvery}, label)
}

// candidates returns the candidates of stage i, grown from the run of the stage
// before.
func (a *armTraining) candidates(i int, source *engine.Run, label progress.Event) (*engine.Candidates, error) {
	s := a.stages[i]
	schedules, err := schedulesOf(s.schedule, s.pool)
	if err != nil {
		return nil, err
	}
	return a.session.NewCandidates(engine.Growing{
		Kind: progress.PhaseStack, Source: source, To: s.Depths, Seed: a.seed, Pool: s.pool, Schedules: schedules, Evaluate: a.evaluations(s),
		FirstBatch: s.schedule.Start, Checkpoints: train.Checkpoints{Every: a.config.CheckpointEvery}, Rules: s.rules(), Label: label,
	})
}

// grow lets the rule pick a strategy, which trains candidates as far as the
// rule asks. It returns the run of the pick, or nil if all candidates stopped
// early.
func (a *armTraining) grow(ctx context.Context, bring engine.Bring, i int, source *engine.Run, label progress.Event, stage *result.StageOutcome) (*engine.Run, error) {
	s := a.stages[i]
	candidates, err := a.candidates(i, source, label)
	if err != nil {
		return nil, err
	}
	candidates = candidates.With(bring)
	a.used(candidates, s.rules())
	choice, extra, err := selection.Pick(ctx, s.rule, candidates)
	if err != nil {
		return nil, err
	}
	stage.Candidates, stage.ExtraSteps = len(s.pool), total(extra)
	a.outcome.ExtraFLOPs += float64(stage.ExtraSteps) * s.flops
	a.outcome.FLOPs += float64(stage.ExtraSteps) * s.flops
	if choice.Index < 0 {
		a.outcome.Status = result.StatusDiverged
		if candidates.Failure() != nil {
			a.outcome.Status = result.StatusFailed
		}
		a.outcome.Stages = append(a.outcome.Stages, *stage)
		return nil, nil
	}
	picked := s.pool[choice.Index]
	stage.LearnSteps = s.grown.Candidates[choice.Index].LearnSteps
	a.outcome.FLOPs += float64(stage.LearnSteps) * s.flops
	stage.Strategy, stage.Map, stage.Encoder = picked.Name, picked.Map, picked.Encoder
	return candidates.Runs[choice.Index], nil
}

// add records a trained stage.
func (a *armTraining) add(s plannedStage, stage result.StageOutcome, outcome train.Outcome) {
	o := &a.outcome
	for _, l := range outcome.Curve {
		o.Curve = append(o.Curve, result.StackingPoint{Step: s.schedule.Start + l.Step, FLOPs: o.FLOPs + float64(l.Step)*s.flops, Loss: result.Number(l.Value())})
	}
	o.FLOPs += float64(outcome.Steps) * s.flops
	stage.Loss = o.Curve[len(o.Curve)-1].Loss
	o.Status = statusOf(outcome)
	o.Stages = append(o.Stages, stage)
}

// evaluations returns the steps at which a stage is evaluated.
func (a *armTraining) evaluations(s plannedStage) []int {
	steps := engine.EvaluationsEvery(a.config.EvaluateEvery, s.Steps)
	for _, rule := range s.rules() {
		steps = append(steps, rule.Evaluations(s.Steps)...)
	}
	for _, b := range selection.Branches(s.rules()...) {
		steps = append(steps, b.Step)
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// LoadStacking reads the configuration and the result of a complete stacking.
func LoadStacking(dir string) (*result.Stacking, Stacking, error) {
	return loadBoth[Stacking](dir, result.LoadStacking)
}
