package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/landscape-aware/growing/lag/train"
)

// Bring trains runs to a step, or to their ends if those are earlier, and
// returns their outcomes. It first trains the runs that they grow from.
type Bring func(runs []*Run, step int) ([]train.Outcome, error)

// Job is work that consists of runs. It requests them with bring, and may use
// the outcomes of one request to choose the next.
type Job func(ctx context.Context, bring Bring) error

// poll is the interval between checks of a run that another process is
// training.
const poll = 200 * time.Millisecond

// Do carries out jobs, in order as far as possible. Other processes on the same
// directory share the work: Do skips a run that another process is training and
// continues with the next job. If the device fails in a run, Do tries the run
// once more after all other work, when there may be more free memory. If it
// fails again, the failure is the outcome. Do stops at the first error of a
// job.
func (s *Session) Do(ctx context.Context, jobs ...Job) error {
	_, err := s.carry(ctx, false, jobs...)
	return err
}

// carry is [Session.Do] and, if leaves, [Session.Share].
func (s *Session) carry(ctx context.Context, leaves bool, jobs ...Job) (left []Held, err error) {
	var list []*activity
	defer func() {
		for _, a := range list {
			a.stop()
		}
	}()
	for _, job := range jobs {
		a := begin(ctx, job)
		if list = append(list, a); a.err != nil {
			return nil, a.err
		}
	}
	w := waiting{session: s}
	for {
		open, progressed := false, false
		for _, a := range list {
			for !a.done {
				tried, err := s.settle(ctx, a.request)
				progressed = progressed || tried
				if err == nil && !a.request.isSettled() {
					break // continue with the next job
				}
				progressed = true
				a.request.err = err
				if a.next(); a.err != nil {
					return nil, a.err
				}
			}
			open = open || !a.done
		}
		if !open {
			return nil, nil
		}
		if progressed {
			continue
		}
		runs, last := w.blocking(list)
		if leaves && last {
			if left, ok := w.leave(runs); ok {
				return left, nil
			}
		}
		w.say(runs)
		if f := s.whenWaiting; f != nil {
			s.whenWaiting = nil
			f(ctx)
		}
		if err := s.world.Wait(ctx, w.pause()); err != nil {
			return nil, fmt.Errorf("waiting for other processes: %w", err)
		}
	}
}

// Bring is [Session.Do] with a job of one request.
func (s *Session) Bring(ctx context.Context, runs []*Run, step int) (outcomes []train.Outcome, err error) {
	err = s.Do(ctx, func(ctx context.Context, bring Bring) error {
		outcomes, err = bring(runs, step)
		return err
	})
	return outcomes, err
}

// request is a request of a job for runs trained to a step.
type request struct {
	runs     []*Run
	step     int
	outcomes []train.Outcome
	settled  []bool
	err      error
}

func (d *request) isSettled() bool {
	for _, settled := range d.settled {
		if !settled {
			return false
		}
	}
	return true
}

// activity is a started job. It waits while it has an open request.
type activity struct {
	resume  func() (*request, bool)
	stop    func()
	request *request
	done    bool
	err     error // of the job, when it is done
}

// errStopped ends jobs that must not continue.
var errStopped = errors.New("the job was stopped")

// begin starts a job and runs it to its first request.
func begin(ctx context.Context, job Job) *activity {
	a := &activity{}
	a.resume, a.stop = iter.Pull(func(yield func(*request) bool) {
		a.err = job(ctx, func(runs []*Run, step int) ([]train.Outcome, error) {
			d := &request{runs: runs, step: step, outcomes: make([]train.Outcome, len(runs)), settled: make([]bool, len(runs))}
			if !yield(d) {
				return nil, errStopped
			}
			if d.err != nil {
				return nil, d.err
			}
			return d.outcomes, nil
		})
	})
	a.next()
	return a
}

// next continues the job to its next request or its end.
func (a *activity) next() {
	d, more := a.resume()
	a.request, a.done = d, !more
}

// settle tries each unsettled run of a request and reports whether any was
// trained.
func (s *Session) settle(ctx context.Context, d *request) (progressed bool, err error) {
	for k := range d.runs {
		i := s.crowd.place(k, len(d.runs))
		if d.settled[i] {
			continue
		}
		run := d.runs[i]
		outcome, tried, settled, err := s.attempt(ctx, run, d.step)
		if err != nil {
			return progressed, err
		}
		d.outcomes[i], d.settled[i] = outcome, settled
		progressed = progressed || tried
	}
	return progressed, nil
}

// trainParent trains the parent of a run to the step at which the run starts, and
// reports in ok whether the parent is there.
func (s *Session) trainParent(ctx context.Context, r *Run) (tried, ok bool, err error) {
	p := r.parent
	if p == nil {
		return false, true, nil
	}
	step := r.parentStep()
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

// note records how far a run has been trained.
func (s *Session) note(r *Run, o train.Outcome) {
	switch {
	case stopped(o):
	case o.Steps >= r.Spec.Schedule.Steps:
		s.reached[r.address] = math.MaxInt
	default:
		s.reached[r.address] = max(s.reached[r.address], o.Steps)
	}
}
