package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Growing says what candidates are grown from, and how they are trained.
type Growing struct {
	Kind        progress.Phase
	Source      *Run // that they grow from, at its end
	To          growth.Depths
	Seed        int64
	Pool        growth.Pool
	Schedules   []train.Schedule // of each strategy of the pool, all of the same number of steps
	Evaluate    []int
	FirstBatch  int
	Checkpoints train.Checkpoints // states are also kept where the branches of Rules leave
	Rules       []selection.Rule  // that may be asked
	Label       progress.Event    // template of their news
}

// Candidates are what one model is grown into under one seed, as a selection
// rule wants them: it trains what the rule asks for, and no more.
type Candidates struct {
	Runs []*Run // of each strategy of the pool

	session  *Session
	bring    Bring
	growing  Growing
	grown    selection.Grown
	outcomes []train.Outcome // what is known of each
	failure  error           // why the device failed in one, or in a decay branch; nil where it did not
}

// NewCandidates returns the candidates of a pool, without training any.
func (s *Session) NewCandidates(g Growing) (*Candidates, error) {
	m, err := g.Source.Model.WithDepths(g.To...)
	if err != nil {
		return nil, err
	}
	for _, b := range selection.Branches(g.Rules...) {
		g.Checkpoints.KeepAt = append(g.Checkpoints.KeepAt, b.Step)
	}
	slices.Sort(g.Checkpoints.KeepAt)
	g.Checkpoints.KeepAt = slices.Compact(g.Checkpoints.KeepAt)
	c := &Candidates{session: s, growing: g, grown: selection.NewGrown(g.Source.Model.Depths(), g.To, g.Pool), outcomes: make([]train.Outcome, len(g.Pool))}
	for i, strategy := range g.Pool {
		spec := s.Spec(g.Kind, m, g.Seed, g.Schedules[i], g.Evaluate)
		spec.FirstBatch = g.FirstBatch
		strategy.Name, strategy.Source = "", ""
		spec.Strategy = &strategy
		run, err := s.NewRun(spec, g.Source, g.Checkpoints, c.label(i, g.Kind))
		if err != nil {
			return nil, err
		}
		c.Runs = append(c.Runs, run)
	}
	return c, nil
}

// label is the template of a candidate's news.
func (c *Candidates) label(i int, phase progress.Phase) progress.Event {
	template := c.growing.Label
	e := template
	e.Phase, e.Run = phase, c.growing.Pool[i].Name
	if template.Run != "" {
		e.Run = template.Run + ", " + e.Run
	}
	if template.Phase == progress.PhaseProbe { // else the candidates are no runs of the phase of their own
		e.Index += i
	}
	return e
}

// grow applies a candidate's strategy to the state of its source, once its
// coefficients are learned, if it has any to learn. New layers are drawn with a
// seed of their own: with that of the run, a new layer would start where the
// source's layer of that index once started.
func (s *Session) grow(ctx context.Context, r *Run, snap train.Snapshot) (train.Snapshot, error) {
	source, strategy := r.parent.Model, *r.Strategy
	strategy.Name = cmp.Or(r.label.Run, r.address) // for errors: the spec has none
	perStack, err := strategy.PerStack(len(source.Stacks()))
	if err == nil && strategy.Learn != nil {
		perStack, err = s.learn(ctx, r, snap, perStack)
	}
	if err != nil {
		return snap, err
	}
	return snap.Grow(source.Stacks(), perStack, trained.Initializer(r.Model, ^r.Spec.Seed))
}

// With has a job bring the candidates to steps.
func (c *Candidates) With(bring Bring) { c.bring = bring }

// Outcome is what is known of a candidate.
func (c *Candidates) Outcome(i int) train.Outcome { return c.outcomes[i] }

// Failure is why the device failed in a candidate or a decay branch that was
// asked for; nil where it did not.
func (c *Candidates) Failure() error { return c.failure }

// Grown implements [selection.Candidates].
func (c *Candidates) Grown() selection.Grown { return c.grown }

// Steps implements [selection.Candidates].
func (c *Candidates) Steps() int { return c.growing.Schedules[0].Steps }

// To brings candidates to a step.
func (c *Candidates) To(ctx context.Context, indices []int, step int) error {
	var runs []*Run
	var of []int
	for _, i := range indices {
		if o := c.outcomes[i]; len(o.Curve) == 0 || o.Steps < step && !stopped(o) {
			runs, of = append(runs, c.Runs[i]), append(of, i)
		}
	}
	outcomes, err := c.bring(ctx, runs, step)
	if err != nil {
		return err
	}
	for j, i := range of {
		if c.outcomes[i] = outcomes[j]; outcomes[j].Failed != nil {
			c.failure = outcomes[j].Failed
		}
	}
	return nil
}

// Losses implements [selection.Candidates].
func (c *Candidates) Losses(ctx context.Context, indices []int, step int) ([]float64, error) {
	if err := c.To(ctx, indices, step); err != nil {
		return nil, err
	}
	losses := make([]float64, len(indices))
	for j, i := range indices {
		loss, ok := lossAt(c.outcomes[i], step)
		if !ok {
			return nil, fmt.Errorf("strategy %s was not evaluated at step %d; let the rule that looks there be among the study's", c.growing.Pool[i].Name, step)
		}
		losses[j] = loss
	}
	return losses, nil
}

// Decayed implements [selection.Candidates].
func (c *Candidates) Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error) {
	if err := c.To(ctx, indices, step); err != nil {
		return nil, err
	}
	losses := make([]float64, len(indices))
	var runs []*Run
	var of []int // place in losses of each run
	for j, i := range indices {
		losses[j] = math.Inf(1)
		if at, ok := c.outcomes[i].StoppedAt(); ok && at <= step {
			continue
		}
		run, err := c.Branch(i, selection.Branch{Step: step, Decay: decay})
		if err != nil {
			return nil, err
		}
		runs, of = append(runs, run), append(of, j)
	}
	outcomes, err := c.bring(ctx, runs, decay)
	for k, o := range outcomes {
		if o.Failed != nil {
			c.failure = o.Failed
		}
		if !stopped(o) {
			losses[of[k]] = o.Curve[len(o.Curve)-1].Value()
		}
	}
	return losses, err
}

// Branch is a run that leaves a candidate at a step and whose learning rate
// falls linearly to zero. It trains on the batches that follow.
func (c *Candidates) Branch(i int, b selection.Branch) (*Run, error) {
	candidate := c.Runs[i]
	spec := candidate.Spec
	spec.Kind, spec.ParentStep, spec.Strategy = progress.PhaseBranch, b.Step, nil
	spec.Evaluate, spec.FirstBatch = []int{b.Decay}, spec.FirstBatch+b.Step
	spec.Schedule = train.Schedule{Kind: train.Linear, Peak: candidate.Spec.Schedule.At(b.Step), Steps: b.Decay}
	if spec.Schedule.Peak <= 0 {
		return nil, fmt.Errorf("strategy %s has a learning rate of 0 at step %d, from which nothing can decay; let the branch leave earlier", c.growing.Pool[i].Name, b.Step)
	}
	return c.session.NewRun(spec, candidate, train.Checkpoints{Every: c.growing.Checkpoints.Every}, c.label(i, progress.PhaseBranch))
}

// stopped reports whether a run diverged, or its device failed.
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
