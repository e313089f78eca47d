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

// runs are the runs of a study. All workers plan the same.
type runs struct {
	task   engine.Task
	source *engine.Run
	seeds  [][]*engine.Run
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
	for seed := range p.Seeds {
		var list []*engine.Run
		for i := range p.Strategies {
			spec := s.Spec(progress.PhaseProbe, r.task.Model, int64(seed+1), schedule(p.Steps), []int{p.Steps})
			spec.Strategy = &growth.Strategy{Map: growth.Map{0}}
			spec.FirstBatch = i // makes runs differ as strategies do
			run, err := s.NewRun(spec, r.source, checkpoints, progress.Event{Phase: progress.PhaseProbe, Run: fmt.Sprint("strategy ", i), Seed: int64(seed + 1)})
			if err != nil {
				return r, err
			}
			run.Last = true
			list = append(list, run)
		}
		r.seeds = append(r.seeds, list)
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

// carry does what [lag.Study.Join] does with a session: the source, which all wait
// for, then the candidates, one job a seed.
func (r runs) carry(ctx context.Context, s *engine.Session) error {
	if _, err := s.Bring(ctx, []*engine.Run{r.source}, r.source.Spec.Schedule.Steps); err != nil {
		return err
	}
	_, err := s.Share(ctx, r.jobs()...)
	return err
}

// jobs returns a job for each seed.
func (r runs) jobs() (jobs []engine.Job) {
	for _, list := range r.seeds {
		jobs = append(jobs, func(_ context.Context, bring engine.Bring) error {
			_, err := bring(list, list[0].Spec.Schedule.Steps)
			return err
		})
	}
	return jobs
}
