package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/train"
)

// Bring brings runs to a step, or to their ends where these come before, and
// returns their outcomes. Runs that they grow from are trained first.
type Bring func(ctx context.Context, runs []*Run, step int) ([]train.Outcome, error)

// Job is work that consists of runs, one demand for them after another: what it
// demands next may depend on what came out.
type Job func(ctx context.Context, bring Bring) error

// poll is how often a run is looked at that another process is at.
const poll = 200 * time.Millisecond

// Do carries out jobs, in their order as far as possible. Other processes at the
// same directory take part: a run that one of them is at is passed over, and the
// next job goes on in the meantime. A run whose device fails is tried once more
// after everything else, when there may be memory to spare again; if it fails
// again, that is its outcome. The first error of a job ends all.
func (s *Session) Do(ctx context.Context, jobs ...Job) error {
	var list []*activity
	defer func() {
		for _, a := range list {
			a.stop()
		}
	}()
	for _, job := range jobs {
		list = append(list, begin(ctx, job))
	}
	waited := false
	for {
		open, progressed := false, false
		for _, a := range list {
			for !a.done {
				settled, err := s.settle(ctx, a.demand)
				progressed = progressed || settled
				if err == nil && !a.demand.isSettled() {
					break // the next job in the meantime
				}
				progressed = true
				a.demand.err = err
				if a.next(); a.err != nil {
					return a.err
				}
			}
			open = open || !a.done
		}
		if !open {
			return nil
		}
		if progressed {
			continue
		}
		if !waited {
			waited = true
			log.Info("other processes are at the runs that are left; waiting for them", "dir", s.options.Dir)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for other processes: %w", context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// Bring is [Session.Do] of a job that is one demand.
func (s *Session) Bring(ctx context.Context, runs []*Run, step int) (outcomes []train.Outcome, err error) {
	err = s.Do(ctx, func(ctx context.Context, bring Bring) error {
		outcomes, err = bring(ctx, runs, step)
		return err
	})
	return outcomes, err
}

// demand is a demand of a job.
type demand struct {
	runs     []*Run
	step     int
	outcomes []train.Outcome
	settled  []bool
	err      error
}

func (d *demand) isSettled() bool {
	for _, settled := range d.settled {
		if !settled {
			return false
		}
	}
	return true
}

// activity is a job under way, which waits while it has a demand.
type activity struct {
	resume func() (*demand, bool)
	stop   func()
	demand *demand
	done   bool
	err    error // of the job, once it is done
}

// errStopped ends jobs that are not to go on.
var errStopped = errors.New("the job was stopped")

// begin starts a job and runs it to its first demand.
func begin(ctx context.Context, job Job) *activity {
	a := &activity{}
	a.resume, a.stop = iter.Pull(func(yield func(*demand) bool) {
		a.err = job(ctx, func(_ context.Context, runs []*Run, step int) ([]train.Outcome, error) {
			d := &demand{runs: runs, step: step, outcomes: make([]train.Outcome, len(runs)), settled: make([]bool, len(runs))}
			if !yield(d) {
				return nil, errStopped
			}
			return d.outcomes, d.err
		})
	})
	a.next()
	return a
}

// next lets the job go on to its next demand, or its end.
func (a *activity) next() {
	d, more := a.resume()
	a.demand, a.done = d, !more
}

// settle tries each run of a demand that is not settled, and reports whether one
// came further.
func (s *Session) settle(ctx context.Context, d *demand) (progressed bool, err error) {
	for i, run := range d.runs {
		if d.settled[i] {
			continue
		}
		outcome, tried, settled, err := s.attempt(ctx, run, d.step)
		if err != nil {
			return progressed, err
		}
		d.outcomes[i], d.settled[i] = outcome, settled
		progressed = progressed || tried
	}
	return progressed, nil
}

// ready brings the run that another grows from to where it does, and reports
// whether it is there.
func (s *Session) ready(ctx context.Context, r *Run) (tried, ok bool, err error) {
	p := r.parent
	if p == nil {
		return false, true, nil
	}
	step := p.Spec.Schedule.Steps
	if r.leaves() {
		step = r.ParentStep
	}
	if reached, ok := s.reached[p.address]; ok && reached >= step {
		return false, true, nil // its news is not given again
	}
	outcome, tried, ok, err := s.attempt(ctx, p, step)
	if err != nil || !ok {
		return tried, false, err
	}
	if at, stopped := outcome.StoppedAt(); stopped && at < step {
		if outcome.Failed != nil {
			return tried, false, fmt.Errorf("the run that %s grows from: %w", r.label.Run, outcome.Failed)
		}
		return tried, false, fmt.Errorf("the run that %s grows from diverged at step %d", r.label.Run, at)
	}
	return tried, true, nil
}

// note records how far a run is.
func (s *Session) note(r *Run, o train.Outcome) {
	switch {
	case stopped(o):
	case o.Steps >= r.Spec.Schedule.Steps:
		s.reached[r.address] = math.MaxInt
	default:
		s.reached[r.address] = max(s.reached[r.address], o.Steps)
	}
}
