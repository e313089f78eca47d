package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// maxTries is how often a run is tried whose device fails, each time that a study,
// a selection or a stacking is asked for.
const maxTries = 2

// failureName says what the run of an event is, for failures.
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
	asked   int           // step that it was to get to
	outcome train.Outcome // of the try that came furthest
	cause   error         // all that is known of why it failed
}

// attempt brings a run to a step, or to its end where that is before. It is
// settled where the outcome is the last word: not where another process is at
// the run, nor where its device failed for the first time. A failure of the
// device, such as a lack of memory, is an outcome: that of one candidate must not
// take the others with it. All other errors stay errors. tried says whether
// something was done.
func (s *Session) attempt(ctx context.Context, run *Run, step int) (outcome train.Outcome, tried, settled bool, err error) {
	i := slices.IndexFunc(s.failed, func(f *failedRun) bool { return f.address == run.address })
	if i >= 0 && s.failed[i].tries == maxTries {
		return s.failed[i].outcome, false, true, nil // also where another process has done it since: others rest on this
	}
	if tried, ok, err := s.ready(ctx, run); err != nil || !ok {
		return outcome, tried, false, err
	}
	step = min(step, run.Spec.Schedule.Steps)
	outcome, ok, err := run.TryTo(ctx, step)
	device, failed := errors.AsType[*train.DeviceError](err)
	switch {
	case err == nil:
		if !ok {
			return outcome, false, false, nil
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
		f.Steps, f.Error, f.outcome = outcome.Steps, strings.TrimPrefix(device.Error(), "the device failed: "), unfinished(outcome, run.Spec.Schedule.Steps)
		f.outcome.Failed, f.cause = device, err
	}
	what := "the device failed in a run, which is tried again after the others"
	if f.tries == maxTries {
		what = "the device failed in a run again, which is given up for now; the same command goes on with it"
	}
	log.Warn(what, "run", f.Run, "seed", f.Seed, "step", outcome.Steps, "error", device, "in", filepath.Join(s.options.Dir, run.address))
	log.Debug("all that the device said", "error", fmt.Sprintf("%+v", device.Err))
	return f.outcome, true, f.tries == maxTries, nil
}

// unfinished is the outcome of a run that could not keep its state, of which not
// even step 0 may be known. A loss at the end would say that it got there.
func unfinished(o train.Outcome, end int) train.Outcome {
	o.Curve = slices.DeleteFunc(slices.Clone(o.Curve), func(l train.Loss) bool { return l.Step == end })
	if len(o.Curve) == 0 {
		o.Curve = []train.Loss{{}}
	}
	return o
}

// ForgetFailures lets runs whose device failed be tried again.
func (s *Session) ForgetFailures() { s.failed = nil }

// Cause is all that is known of why the device failed in a run; nil where it did
// not.
func (s *Session) Cause(run *Run) error {
	for _, f := range s.failed {
		if f.address == run.address {
			return f.cause
		}
	}
	return nil
}

// FirstFailure is the error of the first run whose device failed.
func (s *Session) FirstFailure() error {
	if len(s.failed) == 0 {
		return nil
	}
	return s.failed[0].outcome.Failed
}

// Failures are those of all runs that were asked for, under some seeds.
func (s *Session) Failures(seeds ...int64) []result.Failure {
	var list []result.Failure
	for _, f := range s.failed {
		if slices.Contains(seeds, f.Seed) {
			list = append(list, f.Failure)
		}
	}
	return list
}

// Advise says what can be done where an error is one of the device.
func Advise(what string, err error) error {
	if _, ok := errors.AsType[*train.DeviceError](err); ok {
		return advice.Errorf(advice.BatchSize, "%s: %w; where memory is short, take smaller batches or a smaller model", what, err)
	}
	return err
}
