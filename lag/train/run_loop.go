package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/log"
)

// training is a run that is under way.
type training struct {
	*Run
	dir     string
	state   *State
	saved   int // step of the newest checkpoint, -1 where there is none
	metrics *metricsLog
	outcome Outcome
}

// train brings the run from its newest checkpoint, or its beginning, to its end.
func (r *Run) train(ctx context.Context, dir string) (outcome Outcome, err error) {
	t := &training{Run: r, dir: dir}
	resumed, err := t.start()
	if err != nil {
		return outcome, err
	}
	defer func() { err = errors.Join(err, t.state.Finalize()) }()
	var validations []Metric
	if t.metrics, validations, err = openMetrics(filepath.Join(dir, "metrics.jsonl"), t.state.Step); err != nil {
		return outcome, err
	}
	defer func() { err = errors.Join(err, t.metrics.close()) }()
	for _, m := range validations {
		t.outcome.Curve = append(t.outcome.Curve, Loss{m.Step, &m.Loss})
	}
	r.replay(t.outcome.Curve)
	if resumed != nil {
		if err := t.metrics.add(*resumed); err != nil {
			return outcome, err
		}
	}
	err = t.loop(ctx)
	return t.outcome, err
}

// start takes the state of the newest checkpoint, and returns the line for the
// log that says so, or takes the initial state.
func (t *training) start() (resumed *Metric, err error) {
	snap, refused, err := loadNewest(CheckpointDir(t.dir))
	if errors.Is(err, os.ErrNotExist) {
		t.saved = -1
		t.state, err = t.Initial()
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if t.state, err = t.Program.Restore(snap); err != nil {
		return nil, err
	}
	if snap.Step > 0 {
		log.Info("going on where the run was interrupted", "step", snap.Step, "of", t.Schedule.Steps)
	}
	t.saved = snap.Step
	m := &Metric{Step: snap.Step, Event: EventResume, File: filepath.Base(checkpointPath(t.dir, snap.Step))}
	for _, path := range refused {
		m.Refused = append(m.Refused, filepath.Base(path))
	}
	return m, setAside(refused)
}

func (t *training) loop(ctx context.Context) error {
	for {
		step := t.state.Step
		if slices.Contains(t.Evaluate, step) && (len(t.outcome.Curve) == 0 || t.outcome.Curve[len(t.outcome.Curve)-1].Step < step) {
			if err := t.evaluate(); err != nil {
				return err
			}
			if t.outcome.DivergedAt != nil {
				return t.save()
			}
		}
		if step == t.Schedule.Steps {
			var err error
			t.outcome.Steps = step
			if t.outcome.AtEnd, err = t.evaluateAtEnd(); err != nil {
				return err
			}
			return t.save()
		}
		if ctx.Err() != nil {
			if err := t.save(); err != nil {
				return fmt.Errorf("%w: %w", context.Cause(ctx), err)
			}
			return context.Cause(ctx)
		}
		if t.Checkpoints.due(step) {
			if err := t.save(); err != nil {
				return err
			}
		}
		if err := t.step(); err != nil {
			return err
		}
		if t.outcome.DivergedAt != nil {
			return t.save()
		}
	}
}

// step does one update.
func (t *training) step() error {
	step, begin := t.state.Step, time.Now()
	batches, err := t.Batch(step)
	if err != nil {
		return err
	}
	rate := t.Schedule.At(step)
	update, err := t.Program.Step(t.state, Step{Batches: batches, Rate: rate, Gates: t.gates(step), Seed: t.Seed})
	for _, batch := range batches {
		err = errors.Join(err, batch.Finalize())
	}
	if err != nil {
		return err
	}
	if update.Diverged() {
		return t.diverged(step)
	}
	m := Metric{Step: step, Event: EventTrain, Loss: update.Loss, Terms: update.Terms, GradientNorm: update.GradientNorm,
		ParameterRMS: update.ParameterRMS, UpdateRMS: update.UpdateRMS, Rate: rate, Clock: t.clock(time.Since(begin))}
	if err := t.metrics.add(m); err != nil {
		return err
	}
	t.observe(t.state.Step, update.Loss, false)
	return nil
}

// clock returns the speed of a step.
func (r *Run) clock(took time.Duration) Clock {
	c := Clock{Seconds: took.Seconds()}
	if c.Seconds > 0 {
		c.Tokens, c.FLOPs = float64(r.Tokens)/c.Seconds, r.FLOPs/c.Seconds
	}
	if r.PeakFLOPS > 0 {
		c.MFU = c.FLOPs / r.PeakFLOPS
	}
	return c
}

// evaluate adds the loss on the validation set to the curve.
func (t *training) evaluate() error {
	step, begin := t.state.Step, time.Now()
	loss, err := t.Program.Loss(t.state, t.Validation, t.gates(step))
	if err != nil {
		return err
	}
	if !finite(loss) {
		t.outcome.Curve = append(t.outcome.Curve, Loss{Step: step})
		return t.diverged(step)
	}
	t.outcome.Curve = append(t.outcome.Curve, Loss{step, &loss})
	m := Metric{Step: step, Event: EventValidation, Loss: loss, Clock: Clock{Seconds: time.Since(begin).Seconds()}}
	if err := t.metrics.add(m); err != nil {
		return err
	}
	t.observe(step, loss, true)
	return nil
}

func (t *training) evaluateAtEnd() (map[string]Loss, error) {
	if len(t.AtEnd) == 0 {
		return nil, nil
	}
	losses := make(map[string]Loss, len(t.AtEnd))
	for name, set := range t.AtEnd {
		loss, err := t.Program.Loss(t.state, set, t.gates(t.state.Step))
		if err != nil {
			return nil, err
		}
		losses[name] = Loss{Step: t.state.Step}
		if finite(loss) {
			losses[name] = Loss{t.state.Step, &loss}
		}
	}
	return losses, nil
}

// diverged ends the run at a step. The state is the one before it.
func (t *training) diverged(step int) error {
	log.Warn("the run diverged: its loss or gradient is not finite", "step", step)
	t.outcome.Steps, t.outcome.DivergedAt = step, &step
	return t.metrics.add(Metric{Step: step, Event: EventDiverged})
}

// save brings the log and then the state to disk, unless the newest checkpoint
// is the state, and removes checkpoints that are not to be kept.
func (t *training) save() error {
	step := t.state.Step
	if t.saved == step {
		if err := t.metrics.sync(); err != nil {
			return err
		}
		return t.Checkpoints.prune(CheckpointDir(t.dir))
	}
	// The line comes first, so that it is there wherever the checkpoint is.
	path := checkpointPath(CheckpointDir(t.dir), step)
	err := t.metrics.add(Metric{Step: step, Event: EventCheckpoint, File: filepath.Base(path)})
	if err == nil {
		err = t.metrics.sync()
	}
	var snap Snapshot
	if err == nil {
		snap, err = t.Program.Snapshot(t.state)
	}
	if err == nil {
		reached(momentSaving, step)
		err = SaveCheckpoint(CheckpointDir(t.dir), snap)
	}
	if err == nil {
		reached(momentSaved, step)
		err = t.Checkpoints.prune(CheckpointDir(t.dir))
	}
	if err != nil {
		before := "nothing was saved before"
		if t.saved >= 0 {
			before = fmt.Sprintf("the state after %d steps is kept", t.saved)
		}
		return fmt.Errorf("saving the state after %d steps: %w; %s; mend that and start the run again", step, err, before)
	}
	t.saved = step
	return nil
}

// reached is told of moments in the life of a run, for tests.
var reached = func(moment string, step int) {}

// Moments that tests hear of.
const (
	momentSaving = "saving" // the log is on disk, the checkpoint is not
	momentSaved  = "saved"  // the checkpoint is on disk, old ones are not yet removed
)

func (r *Run) gates(step int) []float32 {
	if r.Gates == nil {
		return nil
	}
	return r.Gates(step)
}

func (r *Run) observe(step int, loss float64, validation bool) {
	if r.Observe != nil {
		r.Observe(step, loss, validation)
	}
}
