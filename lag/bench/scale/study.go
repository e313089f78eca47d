package main

import (
	"context"
	"fmt"
	"time"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// plan is a study to simulate.
type plan struct {
	Seeds, Strategies int
	Steps             int // of a candidate
	SourceSteps       int
	CheckpointEvery   int

	Step        []time.Duration // recorded training steps; each run has one of them
	Start       time.Duration   // from the start of a process to its first step
	Requeue     time.Duration   // from the loss of a worker to the start of the next in its place
	Preemptions float64         // preemptions of a worker in an hour

	Capacity float64       // of the file server, operations a second
	Latency  time.Duration // of an operation

	Workers int
	Alone   bool   // workers do not know that there are many
	Seed    uint64 // of the preemptions and the speeds
}

func (p plan) candidates() int { return p.Seeds * p.Strategies }

// lag returns the steps after which LAG picks.
func (p plan) lag() int { return max(1, p.Steps/10) }

// runs are the runs of a study. All workers plan the same.
type runs struct {
	task   engine.Task
	source *engine.Run
	seeds  []*engine.Candidates
}

// fingerprint is that of the data, which there is none of.
const fingerprint = "simulated"

// newRuns returns the runs of a study. Their models are of no account, because
// nobody trains them.
func newRuns(p plan) (r runs, err error) {
	config, err := lag.Preset("smoke")
	if err != nil {
		return r, err
	}
	r.task = config.Task
	s := r.session()
	spec := s.Spec(progress.PhasePretrain, r.task.Model, r.task.Seed, schedule(p.SourceSteps), []int{p.SourceSteps})
	checkpoints := train.Checkpoints{Every: p.CheckpointEvery}
	if r.source, err = s.NewRun(spec, nil, checkpoints, progress.Event{Phase: progress.PhasePretrain, Run: "source"}); err != nil {
		return r, err
	}
	growing := engine.Growing{
		Kind: progress.PhaseProbe, Source: r.source, To: r.task.Model.Depths(), Evaluate: []int{p.lag(), p.Steps}, Checkpoints: checkpoints,
		Rules: []selection.Rule{selection.LAG{Lag: p.lag()}}, Last: true, Label: progress.Event{Phase: progress.PhaseProbe},
	}
	for i := range p.Strategies {
		growing.Pool = append(growing.Pool, growth.Strategy{Name: fmt.Sprint("strategy ", i), Map: growth.Map{0}})
		differs := schedule(p.Steps)
		differs.Peak *= float64(i + 1) // makes runs differ as strategies do
		growing.Schedules = append(growing.Schedules, differs)
	}
	for seed := range p.Seeds {
		growing.Seed, growing.Label.Seed = int64(seed+1), int64(seed+1)
		c, err := s.NewCandidates(growing)
		if err != nil {
			return r, err
		}
		r.seeds = append(r.seeds, c)
	}
	return r, nil
}

func schedule(steps int) train.Schedule {
	return train.Schedule{Kind: train.Constant, Peak: 1e-3, Steps: steps}
}

// session returns the session of a worker.
func (r runs) session() *engine.Session {
	return engine.Sketch(r.task, &backend.Backend{Kind: backend.Go}, fingerprint)
}

// part is the part of a worker in the study, between two preemptions.
type part struct {
	session  *engine.Session
	source   *engine.Run
	seeds    []*engine.Candidates
	releaser *engine.Releaser
	lag      int
}

// part returns the part of a worker with a session. needed is that of its
// [engine.Releaser].
func (s *simulation) part(session *engine.Session, needed func() (map[string]bool, error)) part {
	p := part{session: session, source: s.source, releaser: session.NewReleaser("simulated"), lag: s.lag()}
	p.releaser.Needed = needed
	for _, c := range s.seeds {
		p.seeds = append(p.seeds, c.In(session))
	}
	return p
}

// join does what [lag.Study.Join] does with a session: the source, which all wait
// for, then the candidates, one job for each.
func (p part) join(ctx context.Context) error {
	if _, err := p.session.Bring(ctx, []*engine.Run{p.source}, p.source.Spec.Schedule.Steps); err != nil {
		return err
	}
	if _, err := p.session.Share(ctx, p.jobs()...); err != nil {
		return err
	}
	release := p.releaser.Candidates
	if p.session.IsCrowd() {
		release = p.releaser.Mine
	}
	for _, c := range p.seeds {
		release(c, p.lag)
	}
	return nil
}

// finish does what is left, as the job after the workers does.
func (p part) finish(ctx context.Context) error {
	err := p.session.Do(ctx, p.jobs()...)
	for _, c := range p.seeds {
		p.releaser.Candidates(c, p.lag)
	}
	return err
}

// jobs returns a job for each candidate.
func (p part) jobs() (jobs []engine.Job) {
	for _, c := range p.seeds {
		for k := range c.Runs {
			i := p.session.Place(k, len(c.Runs))
			jobs = append(jobs, func(ctx context.Context, bring engine.Bring) error {
				if err := c.With(bring).To(ctx, []int{i}, c.Steps()); err != nil {
					return err
				}
				p.releaser.Candidate(c, i, p.lag)
				return nil
			})
		}
	}
	return jobs
}
