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

// Growing describes how candidates are grown and trained.
type Growing struct {
	Kind        progress.Phase
	Source      *Run // run at whose end they are grown
	To          growth.Depths
	Seed        int64
	Pool        growth.Pool
	Schedules   []train.Schedule // one for each strategy of the pool, all with the same number of steps
	Evaluate    []int
	Early       *Early // evaluations on a part of the validation set; nil for none
	FirstBatch  int
	Checkpoints train.Checkpoints // states at which branches of Rules start are kept too
	Rules       []selection.Rule  // rules that may pick from the candidates
	Last        bool              // nothing comes after their ends but their decay branches, see [Run]
	Label       progress.Event    // template of their progress events
}

// Candidates are the models grown from one source with one seed. They implement
// [selection.Candidates]: they train only what a rule asks for.
type Candidates struct {
	Runs []*Run // one for each strategy of the pool

	session  *Session
	bring    Bring
	growing  Growing
	grown    selection.Grown
	outcomes []train.Outcome  // latest outcome of each
	failure  *error           // last failure of the device in a candidate or a decay branch
	ended    []*train.Outcome // see [Releaser]
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
	c := &Candidates{session: s, growing: g, grown: selection.NewGrown(g.Source.Model.Depths(), g.To, g.Pool), outcomes: make([]train.Outcome, len(g.Pool)), failure: new(error), ended: make([]*train.Outcome, len(g.Pool))}
	for i, strategy := range g.Pool {
		spec := s.Spec(g.Kind, m, g.Seed, g.Schedules[i], g.Evaluate)
		spec.FirstBatch, spec.Early = g.FirstBatch, g.Early
		strategy.Name, strategy.Source = "", ""
		spec.Strategy = &strategy
		run, err := s.NewRun(spec, g.Source, g.Checkpoints, c.label(i, g.Kind))
		if err != nil {
			return nil, err
		}
		run.Last = g.Last && len(selection.Branches(g.Rules...)) == 0
		c.Runs = append(c.Runs, run)
	}
	return c, nil
}

// label returns the template of a candidate's progress events.
func (c *Candidates) label(i int, phase progress.Phase) progress.Event {
	template := c.growing.Label
	e := template
	e.Phase, e.Run = phase, c.growing.Pool[i].Name
	if template.Run != "" {
		e.Run = template.Run + ", " + e.Run
	}
	if template.Phase == progress.PhaseProbe { // other phases do not count the candidates
		e.Index += i
		e.Place = i
	}
	return e
}

// grow applies a candidate's strategy to the state of its source. If the
// strategy has coefficients to learn, it learns them first. New layers are
// drawn with a different seed than the run's: with that seed, a new layer would
// have the initial weights of the source's layer at the same index.
func (s *Session) grow(ctx context.Context, r *Run, snap train.Snapshot) (train.Snapshot, error) {
	source, strategy := r.parent.Model, *r.Strategy
	strategy.Name = cmp.Or(r.label.Run, r.address) // for error messages; the spec has no name
	perStack, err := strategy.PerStack(len(source.Stacks()))
	if err == nil && strategy.Learn != nil {
		perStack, err = s.learn(ctx, r, snap, perStack)
	}
	if err != nil {
		return snap, err
	}
	return snap.Grow(source.Stacks(), perStack, trained.Initializer(r.Model, ^r.Spec.Seed))
}

// With returns the same candidates for a [Job], which trains them with bring. They
// share their outcomes.
func (c *Candidates) With(bring Bring) *Candidates {
	of := *c
	of.bring = bring
	return &of
}

// In returns the same candidates in another session, which knows nothing of their
// outcomes.
func (c *Candidates) In(s *Session) *Candidates {
	of := *c
	of.session, of.bring, of.failure = s, nil, new(error)
	of.outcomes, of.ended = make([]train.Outcome, len(c.Runs)), make([]*train.Outcome, len(c.Runs))
	return &of
}

// Outcome returns the latest outcome of a candidate.
func (c *Candidates) Outcome(i int) train.Outcome { return c.outcomes[i] }

// Failure returns the last failure of the device in a requested candidate or
// decay branch, or nil.
func (c *Candidates) Failure() error { return *c.failure }

// Grown implements [selection.Candidates].
func (c *Candidates) Grown() selection.Grown { return c.grown }

// Steps implements [selection.Candidates].
func (c *Candidates) Steps() int { return c.growing.Schedules[0].Steps }

// To trains candidates to a step.
func (c *Candidates) To(ctx context.Context, indices []int, step int) error {
	var runs []*Run
	var of []int
	for _, i := range indices {
		if o := c.outcomes[i]; len(o.Curve) == 0 || o.Steps < step && !stopped(o) {
			runs, of = append(runs, c.Runs[i]), append(of, i)
		}
	}
	outcomes, err := c.bring(runs, step)
	if err != nil {
		return err
	}
	for j, i := range of {
		if c.outcomes[i] = outcomes[j]; outcomes[j].Failed != nil {
			*c.failure = outcomes[j].Failed
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
			return nil, fmt.Errorf("strategy %s was not evaluated at step %d; add the rule that needs this step to the study's rules", c.growing.Pool[i].Name, step)
		}
		losses[j] = loss
	}
	return losses, nil
}

// BatchLosses implements [selection.Measured].
func (c *Candidates) BatchLosses(ctx context.Context, indices []int, step int) (losses [][]float64, n int, err error) {
	if err := c.To(ctx, indices, step); err != nil {
		return nil, 0, err
	}
	losses = make([][]float64, len(indices))
	for j, i := range indices {
		if at := curveIndex(c.outcomes[i], step); at >= 0 {
			losses[j] = c.outcomes[i].Curve[at].Batches
			n = max(n, len(losses[j]))
		}
	}
	return losses, n, nil
}

// Decayed implements [selection.Candidates].
func (c *Candidates) Decayed(ctx context.Context, indices []int, step, decay int) ([]float64, error) {
	if err := c.To(ctx, indices, step); err != nil {
		return nil, err
	}
	losses := make([]float64, len(indices))
	var runs []*Run
	var of []int // index in losses of each run
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
	outcomes, err := c.bring(runs, decay)
	if err != nil {
		return nil, err
	}
	for k, o := range outcomes {
		if o.Failed != nil {
			*c.failure = o.Failed
		}
		if !stopped(o) {
			losses[of[k]] = o.Curve[len(o.Curve)-1].Value()
		}
	}
	return losses, nil
}

// Branch returns a run that starts from a candidate at a step. Its learning
// rate falls linearly to zero, and it trains on the next batches.
func (c *Candidates) Branch(i int, b selection.Branch) (*Run, error) {
	candidate := c.Runs[i]
	spec := candidate.Spec
	spec.Kind, spec.ParentStep, spec.Strategy, spec.Early = progress.PhaseBranch, b.Step, nil, nil
	spec.Evaluate, spec.FirstBatch = []int{b.Decay}, spec.FirstBatch+b.Step
	spec.Schedule = train.Schedule{Kind: train.Linear, Peak: candidate.Spec.Schedule.At(b.Step), Steps: b.Decay}
	if spec.Schedule.Peak <= 0 {
		return nil, fmt.Errorf("strategy %s has a learning rate of 0 at step %d, so it cannot decay from there; start the branch earlier", c.growing.Pool[i].Name, b.Step)
	}
	run, err := c.session.NewRun(spec, candidate, train.Checkpoints{Every: c.growing.Checkpoints.Every}, c.label(i, progress.PhaseBranch))
	if err == nil {
		branches := selection.Branches(c.growing.Rules...)                               // a rule that picks live may have others
		run.Last = c.growing.Last && len(branches) > 0 && b == branches[len(branches)-1] // they are asked for in this order
	}
	return run, err
}

// stopped reports whether a run diverged or its device failed.
func stopped(o train.Outcome) bool {
	_, ok := o.StoppedAt()
	return ok
}

// lossAt returns the validation loss of a run at a step, or +Inf if the run had
// stopped.
func lossAt(o train.Outcome, step int) (loss float64, ok bool) {
	if at, ok := o.StoppedAt(); ok && step >= at {
		// If the update failed after the loss was measured, the loss counts.
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
