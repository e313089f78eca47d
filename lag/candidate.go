package lag

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// race is the candidates that one model is grown into under one seed, as a
// selection rule wants them: it trains what the rule asks for, and no more.
type race struct {
	session     *session
	pool        growth.Pool
	grown       selection.Grown
	runs        []*train.Run // of each strategy of the pool
	configs     []runConfig
	steps       int // of the training after growing
	checkpoints train.Checkpoints
	event       progress.Event // template

	outcomes []train.Outcome // what is known of each
	device   error           // why the device failed in one, or in a decay branch; nil where it did not
}

// growing says what candidates are grown from, and how they are trained.
type growing struct {
	kind       progress.Phase
	source     *train.Run  // must be complete when the candidates begin
	model      model.Model // of the source
	to         growth.Depths
	seed       int64
	schedule   train.Schedule
	evaluate   []int
	firstBatch int
	rules      []selection.Rule // that may be asked; their branches need states to be kept
	every      int              // steps between checkpoints
}

// newRace returns the candidates of a pool, without training any.
func (s *session) newRace(g growing, pool growth.Pool, event progress.Event) (*race, error) {
	model, err := g.model.WithDepths(g.to...)
	if err != nil {
		return nil, err
	}
	parent, err := address(g.source)
	if err != nil {
		return nil, err
	}
	r := &race{session: s, pool: pool, grown: selection.NewGrown(g.model.Depths(), g.to, pool), steps: g.schedule.Steps, outcomes: make([]train.Outcome, len(pool)), event: event,
		checkpoints: train.Checkpoints{Every: g.every, KeepAt: branchSteps(g.rules)}}
	for i, strategy := range pool {
		schedule, err := scheduleOf(g.schedule, strategy)
		if err != nil {
			return nil, err
		}
		config := s.runConfig(g.kind, model, g.seed, schedule, g.evaluate)
		config.Parent, config.FirstBatch = parent, g.firstBatch
		nameless := strategy
		nameless.Name, nameless.Source = "", ""
		config.Strategy = &nameless
		run, err := s.newRun(config, r.checkpoints, r.eventOf(i, g.kind))
		if err != nil {
			return nil, err
		}
		s.begin(run, func(ctx context.Context) (*train.State, error) {
			snap, err := g.source.Final(ctx)
			if err != nil {
				return nil, fmt.Errorf("the source model: %w", err)
			}
			grown, err := s.grow(ctx, run, snap, g.model, model, strategy)
			if err != nil {
				return nil, err
			}
			return run.Program.Restore(grown)
		})
		r.runs, r.configs = append(r.runs, run), append(r.configs, config)
	}
	return r, nil
}

// eventOf is the template of a candidate's events.
func (r *race) eventOf(i int, phase progress.Phase) progress.Event {
	e := r.event
	e.Phase, e.Run = phase, r.pool[i].Name
	if r.event.Run != "" {
		e.Run = r.event.Run + ", " + e.Run
	}
	if r.event.Phase == progress.PhaseProbe { // else the candidates of a race are no runs of the phase of their own
		e.Index += i
	}
	return e
}

// grow applies a strategy to the state of a source model, for a run that starts
// there, once its coefficients are learned, if it has any to learn. New layers are drawn
// with a seed of their own: with that of a study, a new layer would start where
// the source's layer of that index once started.
func (s *session) grow(ctx context.Context, run *train.Run, snap train.Snapshot, source, grown model.Model, strategy growth.Strategy) (train.Snapshot, error) {
	perStack, err := strategy.PerStack(len(source.Stacks()))
	if err == nil && strategy.Learn != nil {
		perStack, err = s.learn(ctx, run, snap, source, grown, perStack)
	}
	if err != nil {
		return snap, err
	}
	snap, err = snap.Grow(source.Stacks(), perStack, trained.Initializer(grown, ^run.Seed))
	snap.Step = 0 // of a new run
	return snap, err
}

// branchSteps are the steps at which the branches of rules leave.
func branchSteps(rules []selection.Rule) []int {
	var steps []int
	for _, b := range selection.Branches(rules...) {
		steps = append(steps, b.Step)
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// Grown implements [selection.Candidates].
func (r *race) Grown() selection.Grown { return r.grown }

// Steps implements [selection.Candidates].
func (r *race) Steps() int { return r.steps }

// to brings candidates to a step. Other processes take part, see [session.share].
func (r *race) to(ctx context.Context, indices []int, step int) error {
	var runs []*train.Run
	var of []int
	for _, i := range indices {
		if o := r.outcomes[i]; len(o.Curve) == 0 || o.Steps < step && !stopped(o) {
			runs, of = append(runs, r.runs[i]), append(of, i)
		}
	}
	outcomes, err := r.session.share(ctx, runs, step)
	if err != nil {
		return err
	}
	for j, i := range of {
		if r.outcomes[i] = outcomes[j]; outcomes[j].Failed != nil {
			r.device = outcomes[j].Failed
		}
	}
	return nil
}

// Losses implements [selection.Candidates].
func (r *race) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	if err := r.to(ctx, indices, step); err != nil {
		return nil, err
	}
	losses := make([]float64, len(indices))
	for j, i := range indices {
		loss, ok := lossAt(r.outcomes[i], step)
		if !ok {
			return nil, fmt.Errorf("strategy %s was not evaluated at step %d; let the rule that looks there be among the study's", r.pool[i].Name, step)
		}
		losses[j] = loss
	}
	return losses, nil
}

// stopped tells whether a run diverged, or its device failed.
func stopped(o train.Outcome) bool {
	_, ok := o.StoppedAt()
	return ok
}

// lossAt is the validation loss of a run at a step, +Inf where it had stopped.
func lossAt(o train.Outcome, step int) (loss float64, ok bool) {
	if at, ok := o.StoppedAt(); ok && step >= at {
		// A loss that was measured at the step at which the update failed counts.
		if i := curveIndex(o, step); i < 0 || o.Curve[i].Loss == nil {
			return math.Inf(1), true
		}
	}
	i := curveIndex(o, step)
	if i < 0 {
		return 0, false
	}
	return o.Curve[i].Value(), true
}

func curveIndex(o train.Outcome, step int) int {
	return slices.IndexFunc(o.Curve, func(l train.Loss) bool { return l.Step == step })
}

// Decayed implements [selection.Candidates].
func (r *race) Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error) {
	if err := r.to(ctx, indices, step); err != nil {
		return nil, err
	}
	losses := make([]float64, len(indices))
	var runs []*train.Run
	var of []int // place in losses of each run
	for j, i := range indices {
		losses[j] = math.Inf(1)
		if at, ok := r.outcomes[i].StoppedAt(); ok && at <= step {
			continue
		}
		run, err := r.branch(ctx, i, selection.Branch{Step: step, Decay: decay})
		if err != nil {
			return nil, err
		}
		runs, of = append(runs, run), append(of, j)
	}
	outcomes, err := r.session.share(ctx, runs, decay)
	for k, o := range outcomes {
		if o.Failed != nil {
			r.device = o.Failed
		}
		if !stopped(o) {
			losses[of[k]] = o.Curve[len(o.Curve)-1].Value()
		}
	}
	return losses, err
}

// branch is a run that leaves a candidate at a step and whose learning rate
// falls linearly to zero. It trains on the batches that follow.
func (r *race) branch(ctx context.Context, i int, b selection.Branch) (*train.Run, error) {
	parent, err := address(r.runs[i])
	if err != nil {
		return nil, err
	}
	config := r.configs[i]
	strategy := config.Strategy
	config.Kind, config.Parent, config.ParentStep, config.Strategy = progress.PhaseBranch, parent, b.Step, nil
	config.Evaluate, config.FirstBatch = []int{b.Decay}, config.FirstBatch+b.Step
	config.Schedule = train.Schedule{Kind: train.Linear, Peak: r.configs[i].Schedule.At(b.Step), Steps: b.Decay}
	if config.Schedule.Peak <= 0 {
		return nil, fmt.Errorf("strategy %s has a learning rate of 0 at step %d, from which nothing can decay; let the branch leave earlier", r.pool[i].Name, b.Step)
	}
	run, err := r.session.newRun(config, train.Checkpoints{Every: r.checkpoints.Every}, r.eventOf(i, progress.PhaseBranch))
	if err != nil {
		return nil, err
	}
	run.Gates = func(step int) []float32 { return strategy.Gates(b.Step + step) }
	run.Frozen = func(step int) []bool { return strategy.Frozen(b.Step + step) }
	r.session.begin(run, func(ctx context.Context) (*train.State, error) {
		snap, err := r.stateAt(ctx, i, b.Step)
		if err != nil {
			return nil, err
		}
		snap.Step = 0 // of a new run
		return run.Program.Restore(snap)
	})
	return run, nil
}

// stateAt is the state of a candidate at a step that it has passed. Where that was
// not kept, since no rule had a branch there when the candidate was trained, it is
// trained that far once more, as a run of its own.
func (r *race) stateAt(ctx context.Context, i, step int) (train.Snapshot, error) {
	snap, err := r.runs[i].At(step)
	if !errors.Is(err, os.ErrNotExist) {
		return snap, err
	}
	config := r.configs[i]
	config.Kind, config.ParentStep = progress.PhaseBranch, step
	again, err := r.session.newRun(config, train.Checkpoints{Every: r.checkpoints.Every, KeepAt: []int{step}}, r.eventOf(i, progress.PhaseBranch))
	if err != nil {
		return snap, err
	}
	again.Initial = r.runs[i].Initial
	if _, err := again.To(ctx, step); err != nil {
		return snap, err
	}
	return again.At(step)
}
