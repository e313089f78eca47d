package lag

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
}

// attempt brings a run to a step, or to its end where that is before. ok is false
// where another process is at it that is not to be waited for. A failure of the
// device, such as a lack of memory, is an outcome: that of one candidate must not
// take the others with it. All other errors stay errors.
func (s *session) attempt(ctx context.Context, run *train.Run, step int, wait bool) (outcome train.Outcome, ok bool, err error) {
	name, err := address(run)
	if err != nil {
		return outcome, false, err
	}
	i := slices.IndexFunc(s.failed, func(f *failedRun) bool { return f.address == name })
	if i >= 0 && s.failed[i].tries == maxTries {
		return s.failed[i].outcome, true, nil // also where another process has done it since: others rest on this
	}
	step = min(step, run.Schedule.Steps)
	if wait {
		outcome, err = run.To(ctx, step)
		ok = true
	} else {
		outcome, ok, err = run.TryTo(ctx, step)
	}
	device, failed := errors.AsType[*train.DeviceError](err)
	switch {
	case err == nil:
		if _, over := outcome.StoppedAt(); ok && i >= 0 && (over || step >= s.failed[i].asked) {
			s.failed = slices.Delete(s.failed, i, i+1)
		}
		return outcome, ok, nil
	case failed && ctx.Err() != nil:
		return outcome, ok, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case !failed:
		return outcome, ok, err
	}
	if i < 0 {
		i = len(s.failed)
		event := s.events[run]
		s.failed = append(s.failed, &failedRun{Failure: result.Failure{Run: failureName(event), Seed: event.Seed}, address: name})
	}
	f := s.failed[i]
	f.asked = max(f.asked, step)
	if f.tries++; f.tries == 1 || outcome.Steps >= f.outcome.Steps {
		f.Steps, f.Error, f.outcome = outcome.Steps, strings.TrimPrefix(device.Error(), "the device failed: "), unfinished(outcome, run.Schedule.Steps)
		f.outcome.Failed = device
	}
	what := "the device failed in a run, which is tried again after the others"
	if f.tries == maxTries {
		what = "the device failed in a run again, which is given up for now; the same command goes on with it"
	}
	log.Warn(what, "run", f.Run, "seed", f.Seed, "step", outcome.Steps, "error", device, "in", filepath.Join(s.dir, name))
	log.Debug("all that the device said", "error", fmt.Sprintf("%+v", device.Err))
	if wait && f.tries < maxTries {
		return s.attempt(ctx, run, step, true) // there is no later
	}
	return f.outcome, true, nil
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

// share brings runs to a step, or to their ends where they end before. Other
// processes at the same directory take part: what one of them is at is passed
// over, and waited for at the end. Runs whose device fails are tried once more
// then, when it may have memory to spare again.
func (s *session) share(ctx context.Context, runs []*train.Run, step int) ([]train.Outcome, error) {
	outcomes := make([]train.Outcome, len(runs))
	var again []int
	for i, run := range runs {
		outcome, ok, err := s.attempt(ctx, run, step, false)
		if err != nil {
			return nil, err
		}
		if outcomes[i] = outcome; !ok || outcome.Failed != nil {
			again = append(again, i)
		}
	}
	for _, i := range again {
		var err error
		if outcomes[i], _, err = s.attempt(ctx, runs[i], step, true); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// failures are those of all runs that were asked for, under some seeds.
func (s *session) failures(seeds ...int64) []result.Failure {
	var list []result.Failure
	for _, f := range s.failed {
		if slices.Contains(seeds, f.Seed) {
			list = append(list, f.Failure)
		}
	}
	return list
}

// advise says what can be done where an error is one of the device.
func advise(what string, err error) error {
	if _, ok := errors.AsType[*train.DeviceError](err); ok {
		return advice.Errorf(advice.BatchSize, "%s: %w; where memory is short, take smaller batches or a smaller model", what, err)
	}
	return err
}
