package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// maxTries is how often a run is tried if its device fails, for each call that
// runs a study, a selection or a stacking.
const maxTries = 2

// failureName returns the name of an event's run in lists of failures.
func failureName(e progress.Event) string {
	switch e.Phase {
	case progress.PhaseBranch:
		return result.BranchName(e.Run)
	case progress.PhaseControl:
		return result.ControlName(e.Run)
	}
	return e.Run
}

// failedRun is a run whose device failed.
type failedRun struct {
	result.Failure
	address string
	tries   int
	asked   int           // step requested
	outcome train.Outcome // of the try with the most steps
	cause   error         // full error of that try
}

// attempt trains a run to a step, or to its end if that is earlier. settled
// reports whether the outcome is final; it is not if another process is
// training the run or one that it grows from, or if the device has failed only once. A failure of the
// device, such as a lack of memory, is an outcome, because the failure of one
// candidate must not affect the others. All other errors are returned. tried
// reports whether attempt trained anything.
func (s *Session) attempt(ctx context.Context, run *Run, step int) (outcome train.Outcome, tried, settled bool, err error) {
	i := slices.IndexFunc(s.failed, func(f *failedRun) bool { return f.address == run.address })
	if i >= 0 && s.failed[i].tries == maxTries {
		return s.failed[i].outcome, false, true, nil // even if another process has completed it since, because later results depend on the failure
	}
	if tried, ok, err := s.trainParent(ctx, run); err != nil || !ok {
		return outcome, tried, false, err
	}
	if s.crowd != nil {
		// What the result rests on is checked by whoever makes it.
		if outcome, ok := s.world.Ended(run); ok {
			s.note(run, outcome)
			return outcome, true, true, nil
		}
	}
	step = min(step, run.Spec.Schedule.Steps)
	outcome, ok, err := s.world.Try(ctx, run, step)
	device, failed := errors.AsType[*train.DeviceError](err)
	switch {
	case err == nil:
		if !ok {
			return outcome, false, false, nil
		}
		s.taken++
		if s.crowd != nil {
			s.crowd.mine[run.address] = true
		}
		if _, over := outcome.StoppedAt(); i >= 0 && (over || step >= s.failed[i].asked) {
			s.failed = slices.Delete(s.failed, i, i+1)
		}
		s.note(run, outcome)
		return outcome, true, true, nil
	case failed && ctx.Err() != nil:
		return outcome, true, false, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case !failed:
		return outcome, true, false, err
	}
	if i < 0 {
		i = len(s.failed)
		s.failed = append(s.failed, &failedRun{Failure: result.Failure{Run: failureName(run.label), Seed: run.label.Seed}, address: run.address})
	}
	f := s.failed[i]
	f.asked = max(f.asked, step)
	if f.tries++; f.tries == 1 || outcome.Steps >= f.outcome.Steps {
		f.Steps, f.Error, f.outcome = outcome.Steps, plain.Message(strings.TrimPrefix(device.Error(), "the device failed: ")), unfinished(outcome, run.Spec.Schedule.Steps)
		f.outcome.Failed, f.cause = device, err
	}
	what := "the device failed in a run; it is tried again after the other runs"
	if f.tries == maxTries {
		what = "the device failed again in a run, which is skipped for now; run the same command again to continue it"
	}
	log.Warn(what, "run", f.Run, "seed", f.Seed, "step", outcome.Steps, "error", device, "in", filepath.Join(s.options.Dir, run.address))
	log.Debug("full error of the device", "error", fmt.Sprintf("%+v", device.Err))
	return f.outcome, true, f.tries == maxTries, nil
}

// unfinished returns the outcome of a run that could not save its state;
// possibly not even the loss at step 0 is known. It removes a loss at the end,
// which would mean that the run is complete.
func unfinished(o train.Outcome, end int) train.Outcome {
	o.Curve = slices.DeleteFunc(slices.Clone(o.Curve), func(l train.Loss) bool { return l.Step == end })
	if len(o.Curve) == 0 {
		o.Curve = []train.Loss{{}}
	}
	return o
}

// ForgetFailures allows failed runs to be tried again.
func (s *Session) ForgetFailures() { s.failed = nil }

// Cause returns the full error of a run whose device failed, nil for other runs.
func (s *Session) Cause(run *Run) error {
	for _, f := range s.failed {
		if f.address == run.address {
			return f.cause
		}
	}
	return nil
}

// FirstFailure returns the error of the first run whose device failed, or nil.
func (s *Session) FirstFailure() error {
	if len(s.failed) == 0 {
		return nil
	}
	return s.failed[0].outcome.Failed
}

// Failures returns the failures of all requested runs with one of the seeds.
func (s *Session) Failures(seeds ...int64) []result.Failure {
	var list []result.Failure
	for _, f := range s.failed {
		if slices.Contains(seeds, f.Seed) {
			list = append(list, f.Failure)
		}
	}
	return list
}

// Advise adds what and advice to an error of the device. It returns other
// errors unchanged.
func Advise(what string, err error) error {
	if _, ok := errors.AsType[*train.DeviceError](err); ok {
		return advice.Errorf(advice.BatchSize, "%s: %w; if memory is short, use smaller batches or a smaller model", what, err)
	}
	return err
}
