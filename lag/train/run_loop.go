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

	"github.com/landscape-aware/growing/data/plain"
)

// training is the state of a run during training.
type training struct {
	*Run
	dir     string
	until   int // the step at which to stop
	state   *State
	saved   int // step of the newest checkpoint; -1 if there is none
	metrics *metricsLog
	outcome Outcome
}

// train trains the run from its newest checkpoint, or its beginning, to a step.
// It also returns the checksum of the log.
func (r *Run) train(ctx context.Context, dir string, until int) (outcome Outcome, sum string, err error) {
	t := &training{Run: r, dir: dir, until: until}
	before, err := readLog(dir)
	if err != nil {
		return outcome, "", err
	}
	resumed, err := t.start(ctx, before)
	if errors.Is(err, ErrDiverged) {
		log.Warn("the run has no initial state, because computing it diverged", "error", err, "run", dir)
		if err := os.Remove(metricsPath(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return outcome, "", err // of an earlier try
		}
		return Outcome{Curve: []Loss{{}}, DivergedAt: new(int)}, before.first, nil
	}
	if err != nil {
		return outcome, "", err
	}
	defer func() { err = errors.Join(err, t.state.Finalize()) }()
	var validations []Metric
	if t.metrics, validations, err = openMetrics(metricsPath(dir), before, t.state.Step); err != nil {
		return outcome, "", err
	}
	defer func() {
		if t.metrics.err == nil {
			t.metrics.err = lost(ctx) // what is not yet written stays so
		}
		err = errors.Join(err, t.metrics.close())
	}()
	for _, m := range validations {
		t.outcome.Curve = append(t.outcome.Curve, Loss{m.Step, &m.Loss, m.Batches})
	}
	r.replay(t.outcome.Curve)
	if resumed != nil {
		if err := t.metrics.add(*resumed); err != nil {
			return outcome, "", err
		}
	}
	err = t.loop(ctx)
	return t.outcome, t.metrics.sum, err
}

// start loads the newest checkpoint that continues the log, or the initial state
// if no checkpoint can be used. It returns the line about this for the log. It
// removes an existing outcome, which belongs to an earlier end of the run, and
// then sets states aside that cannot be used.
func (t *training) start(ctx context.Context, before *runLog) (resumed *Metric, err error) {
	covered := t.covers(before)
	snap, refused, later, err := loadNamed(CheckpointDir(t.dir), covered)
	if len(later) > 0 {
		log.Warn("the log of a run is damaged or incomplete; training goes back to an earlier state", "log", metricsPath(t.dir), "complete to step", covered, "error", before.problem())
	}
	if err != nil {
		return nil, fmt.Errorf("%w; fix that, or delete the run's directory %s to train the run again", err, t.dir)
	}
	m := &Metric{Event: EventResume}
	for _, path := range refused {
		m.Refused = append(m.Refused, filepath.Base(path))
	}
	switch {
	case snap != nil:
		m.Step, m.File = snap.Step, filepath.Base(checkpointPath(t.dir, snap.Step))
		err = t.restore(*snap)
	case len(refused) > 0:
		log.Warn("all checkpoints of the run are damaged; starting it again", "set aside", len(refused), "run", t.dir)
		err = t.begin(ctx)
	default:
		m, err = nil, t.begin(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Remove(outcomePath(t.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// States that the log does not reach are made again. If they stayed, they
	// would count as the newest, and new ones would be removed.
	return m, setAside(append(refused, later...))
}

// begin sets the initial state.
func (t *training) begin(ctx context.Context) (err error) {
	t.saved = -1
	if t.state, err = t.Initial(ctx); err == nil && t.state.Step != 0 {
		err = fmt.Errorf("the initial state of the run is at step %d; set its step to 0", t.state.Step)
	}
	return err
}

// restore sets the state of a checkpoint.
func (t *training) restore(snap Snapshot) (err error) {
	if snap.Step > t.Schedule.Steps {
		return fmt.Errorf("the checkpoint %s is beyond the %d steps of the run; delete it, or the run's directory, to train the run again",
			checkpointPath(CheckpointDir(t.dir), snap.Step), t.Schedule.Steps)
	}
	if snap.Step > 0 {
		log.Debug("continuing a run", "from step", snap.Step, "of", t.Schedule.Steps, "run", t.dir)
	}
	t.saved = snap.Step
	t.state, err = t.Program.Restore(snap)
	return err
}

func (t *training) loop(ctx context.Context) error {
	for {
		step := t.state.Step
		t.outcome.Steps = step
		if slices.Contains(t.Evaluate, step) && (len(t.outcome.Curve) == 0 || t.outcome.Curve[len(t.outcome.Curve)-1].Step < step) {
			if err := t.evaluate(ctx); err != nil {
				return t.stop(ctx, err)
			}
			if t.outcome.DivergedAt != nil {
				return t.save(ctx)
			}
		}
		if step >= t.until && step < t.Schedule.Steps {
			return t.save(ctx)
		}
		if step == t.Schedule.Steps {
			var err error
			if t.outcome.AtEnd, err = t.evaluateAtEnd(ctx); err != nil {
				return t.stop(ctx, err)
			}
			return t.save(ctx)
		}
		if ctx.Err() != nil {
			return t.stop(ctx, context.Cause(ctx))
		}
		if t.Checkpoints.due(step) {
			if err := t.save(ctx); err != nil {
				return err
			}
		}
		if err := t.step(ctx); err != nil {
			return t.stop(ctx, err)
		}
		if t.outcome.DivergedAt != nil {
			return t.save(ctx)
		}
	}
}

// stop ends the run with an error. If the error is the cancellation of the
// context, it saves the state, unless the lock was lost.
func (t *training) stop(ctx context.Context, err error) error {
	if ctx.Err() == nil || lost(ctx) != nil || !errors.Is(err, context.Cause(ctx)) {
		return err
	}
	if failed := t.save(ctx); failed != nil {
		return fmt.Errorf("%w: %w", err, failed)
	}
	return err
}

// step trains one step.
func (t *training) step(ctx context.Context) error {
	m, diverged, err := t.update(ctx, t.state)
	if err != nil {
		return err
	}
	if diverged {
		return t.diverged(m.Step)
	}
	if err := t.metrics.add(m); err != nil {
		return err
	}
	t.observe(t.state.Step, m.Loss, false)
	return nil
}

// update makes the next update of a state and returns its line for the log. If
// it diverged, the state remains as it was.
func (r *Run) update(ctx context.Context, state *State) (m Metric, diverged bool, err error) {
	step, begin := state.Step, time.Now()
	batches, err := r.Batch(step)
	if err != nil {
		return m, false, err
	}
	rate := r.Schedule.At(step)
	update, err := r.Program.StepContext(ctx, state, Step{Batches: batches, Rate: rate, Gates: r.gates(step), Frozen: r.frozen(step), HeadOnly: step < r.HeadFirst, masked: r.HeadFirst > 0, Seed: r.Seed})
	for _, batch := range batches {
		err = errors.Join(err, batch.Finalize())
	}
	if err != nil {
		return m, false, err
	}
	m = Metric{Step: step, Event: EventTrain, Loss: update.Loss, Terms: update.Terms, GradientNorm: update.GradientNorm,
		ParameterRMS: update.ParameterRMS, UpdateRMS: update.UpdateRMS, Rate: rate, Clock: r.clock(time.Since(begin))}
	return m, update.Diverged(), nil
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

// evaluate appends the validation loss to the curve.
func (t *training) evaluate(ctx context.Context) error {
	step, begin, set := t.state.Step, time.Now(), t.Validation
	if t.ValidationAt != nil {
		var err error
		if set, err = t.ValidationAt(ctx, step); err != nil {
			return err
		}
	}
	loss, batches, err := t.Program.losses(ctx, t.state, set, t.gates(step))
	if err != nil {
		return err
	}
	if !finite(loss) {
		t.outcome.Curve = append(t.outcome.Curve, Loss{Step: step})
		return t.diverged(step)
	}
	t.outcome.Curve = append(t.outcome.Curve, Loss{step, &loss, batches})
	m := Metric{Step: step, Event: EventValidation, Loss: loss, Batches: batches, Clock: Clock{Seconds: time.Since(begin).Seconds()}}
	if err := t.metrics.add(m); err != nil {
		return err
	}
	t.observe(step, loss, true)
	return nil
}

func (t *training) evaluateAtEnd(ctx context.Context) (map[string]Loss, error) {
	if len(t.AtEnd) == 0 {
		return nil, nil
	}
	losses := make(map[string]Loss, len(t.AtEnd))
	for name, set := range t.AtEnd {
		losses[name] = Loss{Step: t.state.Step}
		loss, err := t.Program.Loss(ctx, t.state, set, t.gates(t.state.Step))
		if err != nil {
			return nil, err
		}
		if finite(loss) {
			losses[name] = Loss{Step: t.state.Step, Loss: &loss}
		}
	}
	return losses, nil
}

// diverged ends the run at a step. The state remains that before the step.
func (t *training) diverged(step int) error {
	log.Warn("the run diverged: its loss or gradient is not finite", "step", step)
	t.outcome.Steps, t.outcome.DivergedAt = step, &step
	return t.metrics.add(Metric{Step: step, Event: EventDiverged})
}

// save writes the log and then the state to the disk, unless the newest
// checkpoint already has the state. Then it removes checkpoints that need not
// be kept.
func (t *training) save(ctx context.Context) error {
	if err := lost(ctx); err != nil {
		return err
	}
	step := t.state.Step
	if t.saved == step {
		if err := t.metrics.sync(); err != nil {
			return err
		}
		return t.Checkpoints.prune(CheckpointDir(t.dir))
	}
	// Write the line first, so that every checkpoint has one.
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
		before := "no earlier state was saved"
		if t.saved >= 0 {
			before = fmt.Sprintf("the state after %s is kept", plain.Count(t.saved, "step"))
		}
		return fmt.Errorf("saving the state after %s: %w; %s; fix that and start the run again", plain.Count(step, "step"), err, before)
	}
	t.saved = step
	return nil
}

// reached is called at certain moments of a run, for tests.
var reached = func(moment string, step int) {}

// The moments at which reached is called.
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

func (r *Run) frozen(step int) []bool {
	if r.Frozen == nil {
		return nil
	}
	return r.Frozen(step)
}

func (r *Run) observe(step int, loss float64, validation bool) {
	if r.Observe != nil {
		r.Observe(step, loss, validation)
	}
}
