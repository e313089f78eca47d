package train

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
)

// Final returns the state at the end of a complete run. If the state or the
// outcome is damaged or missing, Final trains the end of the run again from the
// previous checkpoint. If the run has no directory, the error wraps
// [os.ErrNotExist].
func (r *Run) Final(ctx context.Context) (Snapshot, error) {
	dir, err := r.Dir()
	if err != nil {
		return Snapshot{}, err
	}
	load := func() (snap Snapshot, again bool, err error) {
		outcome, _, err := readOutcome(dir)
		if err == nil {
			snap, err = loadCheckpoint(CheckpointDir(dir), outcome.Steps)
		}
		return snap, isDamaged(err) || sealed.IsDamaged(err) || errors.Is(err, os.ErrNotExist), err
	}
	if snap, again, err := load(); !again {
		return snap, err
	}
	if _, err := os.Stat(dir); err != nil {
		return Snapshot{}, fmt.Errorf("the run is not complete: %w; train it first", err)
	}
	if err := r.validate(); err != nil {
		return Snapshot{}, err
	}
	ctx, unlock, _, err := hold(ctx, dir, true)
	if err != nil {
		return Snapshot{}, err
	}
	defer unlock()
	snap, again, err := load() // while another process trains the end again, there is none
	if !again {
		return snap, err
	}
	log.Warn("the final state of a run cannot be used; the end of the run is trained again", "error", err)
	if _, _, err := r.found(dir); err != nil { // sets damaged files aside
		return Snapshot{}, err
	}
	if _, err = r.finish(ctx, dir, r.Schedule.Steps); err != nil {
		return Snapshot{}, err
	}
	snap, _, err = load()
	return snap, err
}

// At returns the state after one of the steps in [Checkpoints].KeepAt. If it
// was not kept, the error wraps [os.ErrNotExist]; if it is damaged,
// [safetensors.DamagedError].
func (r *Run) At(step int) (Snapshot, error) {
	dir, err := r.Dir()
	if err != nil {
		return Snapshot{}, err
	}
	snap, err := loadCheckpoint(CheckpointDir(dir), step)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("the run in %s has not kept its state after %s: %w; delete the directory to train the run again", dir, plain.Count(step, "step"), err)
	}
	return snap, err
}

// ToState is [Run.To], and returns the state after the step, which must be one of
// [Checkpoints].KeepAt. If the run is beyond the step and the state is damaged
// or missing, ToState makes it again from the state before it. The rest of the
// run stays as it is.
func (r *Run) ToState(ctx context.Context, step int) (Snapshot, error) {
	outcome, err := r.To(ctx, step)
	if err != nil {
		return Snapshot{}, err
	}
	snap, err := r.At(step)
	if !isDamaged(err) && !errors.Is(err, os.ErrNotExist) {
		return snap, err
	}
	if at, stopped := outcome.StoppedAt(); stopped && at < step {
		return snap, err
	}
	dir, dirErr := r.Dir()
	if dirErr != nil {
		return Snapshot{}, dirErr
	}
	ctx, unlock, _, err := hold(ctx, dir, true)
	if err != nil {
		return Snapshot{}, err
	}
	defer unlock()
	return r.remake(ctx, dir, step)
}

// remake returns the state after a step that the run has passed, and makes it
// again if it is damaged or missing. The caller must hold the run's lock.
func (r *Run) remake(ctx context.Context, dir string, step int) (snap Snapshot, err error) {
	states := CheckpointDir(dir)
	before, refused, _, err := loadNamed(states, step)
	if err != nil {
		return Snapshot{}, err
	}
	if before != nil && before.Step == step {
		return *before, nil // another process has made it in the meantime
	}
	log.Warn("a kept state is damaged or missing; it is made again", "step", step, "run", dir)
	if err := errors.Join(setAside(refused), r.warnOfOtherEnvironment(dir)); err != nil {
		return Snapshot{}, err
	}
	t := &training{Run: r, dir: dir}
	if before != nil {
		err = t.restore(*before)
	} else {
		err = t.begin(ctx)
	}
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { err = errors.Join(err, t.state.Finalize()) }()
	save := func() (err error) {
		if err = lost(ctx); err == nil {
			snap, err = r.Program.Snapshot(t.state)
		}
		if err != nil {
			return err
		}
		return SaveCheckpoint(states, snap)
	}
	for t.state.Step < step {
		if ctx.Err() != nil {
			return Snapshot{}, errors.Join(context.Cause(ctx), save()) // the next call goes on from here
		}
		if r.Checkpoints.due(t.state.Step) && t.state.Step > t.saved {
			if err := save(); err != nil {
				return Snapshot{}, err
			}
		}
		m, diverged, err := r.update(ctx, t.state)
		if err != nil {
			if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
				continue // it was compiling, and the state is as before
			}
			return Snapshot{}, err
		}
		if diverged {
			return Snapshot{}, fmt.Errorf("the state of the run in %s after %s cannot be made again, because step %d diverged now; delete the directory to train the run again", dir, plain.Count(step, "step"), m.Step)
		}
	}
	if err := save(); err != nil {
		return Snapshot{}, err
	}
	return snap, r.Checkpoints.prune(states)
}
