package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
)

// FormatVersion is part of every run's address. Increase it when the same
// configuration gives different numbers than before.
const FormatVersion = 3

// Run is a training run with its own directory:
//
//	config.json    everything that determines the run; its hash names the directory
//	env.json       where it ran; not part of the address
//	metrics.jsonl  a line for each event, see [Metric]
//	checkpoint/    step-00000040.safetensors: the state after 40 steps, see [Checkpoints]
//	result.json    the outcome, after the end
//	released.json  only if its newest state was removed, see [Release]
type Run struct {
	Study  string // parent of the run's directory
	Config any    // everything that determines the run, as JSON
	Env    any    // where it runs, as JSON

	Program      *Program
	Initial      func(ctx context.Context) (*State, error)            // the state to start from
	Batch        func(step int) ([]Batch, error)                      // training batch of a step, as micro-batches
	Seed         int64                                                // seed of dropout
	Gates        func(step int) []float32                             // gates of the model's layers; nil if none is gated
	Frozen       func(step int) []bool                                // layers that a step does not train, see [Step]; nil if all are trained
	HeadFirst    int                                                  // steps at the beginning that train the head alone, see [Headed]; 0 for none
	AtEnd        map[string][]Batch                                   // further sets, evaluated after the last step; may be nil; an empty set has no loss
	Validation   []Batch                                              // the fixed validation set
	ValidationAt func(ctx context.Context, step int) ([]Batch, error) // part of the validation set to evaluate on at a step; nil means all of it
	Schedule     Schedule                                             // its Steps is the length of the run
	Evaluate     []int                                                // steps at which to evaluate, in ascending order; the last is Schedule.Steps
	Checkpoints  Checkpoints
	Tokens       int     // tokens of a step, for the metrics; 0 if unknown
	FLOPs        float64 // floating-point operations of a step, forward and backward; 0 if unknown
	// PeakFLOPS is the device's peak performance in floating-point operations a
	// second, in the precision of the model's matrix products; 0 if unknown.
	// PJRT knows the device's name, but go-xla v0.4.1 does not return it, so
	// there is no table here.
	PeakFLOPS float64
	Observe   func(step int, loss float64, validation bool) // may be nil

	// Files returns further files of the run's directory, by name, such as the
	// tokenizer. They are written again if they are damaged. It may be nil.
	Files func() (map[string][]byte, error)

	// LogNeeded says that results rest on metrics.jsonl too. If it is lost or
	// damaged, the run is trained again.
	LogNeeded bool

	// StateNeeded says that the run is done for its final state. If it is lost or
	// damaged, the end of the run is trained again.
	StateNeeded bool

	checked bool // the log of the complete run was checked
	written bool // the files that are known before it is trained were checked
}

// ErrDiverged is wrapped by errors of Initial if its own training met a number
// that is not finite. The run then counts as diverged at step 0.
var ErrDiverged = errors.New("the loss or its gradient is not finite")

// Hash returns the address of a run with the given configuration: 16
// hexadecimal digits of the sha256 of its JSON and the format version.
func Hash(config any) (string, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	return hashOf(text, FormatVersion), nil
}

// hashOf returns the address of a run with a configuration and a format version.
func hashOf(config []byte, version int) string {
	sum := sha256.Sum256(fmt.Appendf(bytes.Clone(config), "\nformat %d", version))
	return hex.EncodeToString(sum[:8])
}

// Dir returns the run's directory.
func (r *Run) Dir() (string, error) {
	hash, err := Hash(r.Config)
	return filepath.Join(r.Study, hash), err
}

// Do trains the run to its end and returns its outcome. It continues an
// interrupted run from its checkpoint, and returns immediately if the run is
// complete. If the context is canceled it saves the state and returns the
// context's cause. If another process is training the run, Do waits. It sets
// damaged checkpoints aside, and continues from the previous one or starts
// again.
func (r *Run) Do(ctx context.Context) (Outcome, error) { return r.To(ctx, r.Schedule.Steps) }

// To is [Run.Do] up to a step, at which it saves the state. Later calls
// continue from there. If the run is already beyond the step, the outcome has
// more than was asked for.
func (r *Run) To(ctx context.Context, step int) (Outcome, error) {
	outcome, _, err := r.to(ctx, step, true)
	return outcome, err
}

// TryTo is [Run.To], but returns ok = false if another process is training the run.
func (r *Run) TryTo(ctx context.Context, step int) (outcome Outcome, ok bool, err error) {
	return r.to(ctx, step, false)
}

func (r *Run) to(ctx context.Context, step int, wait bool) (outcome Outcome, ok bool, err error) {
	if err := r.validate(); err != nil {
		return outcome, false, err
	}
	dir, err := r.Dir()
	if err != nil {
		return outcome, false, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return outcome, false, fmt.Errorf("creating the run's directory: %w; choose another directory for the study", err)
	}
	ctx, unlock, ok, err := hold(ctx, dir, wait)
	if err != nil || !ok {
		return outcome, ok, err
	}
	defer unlock()
	outcome, complete, err := r.found(dir)
	if err != nil {
		return outcome, true, err
	}
	if !complete {
		if outcome, complete = r.reached(dir, step); !complete {
			outcome, err = r.finish(ctx, dir, step)
			return outcome, true, err
		}
	}
	r.replay(outcome.Curve)
	return outcome, true, r.writeFiles(dir)
}

// reached returns the intermediate outcome of an incomplete run, and whether
// its newest checkpoint is at the step or beyond, or was before it was released.
// It does not read the state.
func (r *Run) reached(dir string, step int) (outcome Outcome, ok bool) {
	steps, err := checkpointSteps(CheckpointDir(dir))
	released := IsReleased(dir)
	if err != nil || len(steps) == 0 && !released || step >= r.Schedule.Steps || !released && steps[len(steps)-1] < step {
		return outcome, false
	}
	l, err := readLog(dir)
	if err != nil {
		return outcome, false
	}
	if released {
		if outcome.Steps = r.covers(l); outcome.Steps < step {
			return outcome, false
		}
	} else {
		outcome.Steps = steps[len(steps)-1]
	}
	for _, m := range l.lines {
		if m.Event == EventValidation && m.Step <= outcome.Steps {
			outcome.Curve = append(outcome.Curve, Loss{m.Step, &m.Loss, m.Batches})
		}
	}
	return outcome, r.covers(l) >= outcome.Steps && r.complete(outcome) == nil
}

// finish trains the rest of the run up to a step and, at the run's end, writes
// the outcome. The caller must hold the run's lock.
func (r *Run) finish(ctx context.Context, dir string, step int) (outcome Outcome, err error) {
	if err := atomicfile.SyncDir(r.Study); err != nil { // the run's directory may be new
		return outcome, err
	}
	if err := errors.Join(removeLeftovers(dir), forgetRelease(dir)); err != nil {
		return outcome, err
	}
	if err := r.warnOfOtherEnvironment(dir); err != nil {
		return outcome, err
	}
	r.written = false // the directory may have been removed since
	if err := errors.Join(r.writeFiles(dir), atomicfile.WriteJSON(filepath.Join(dir, EnvironmentFile), r.Env)); err != nil {
		return outcome, err
	}
	outcome, sum, err := r.train(ctx, dir, step)
	if err != nil {
		return outcome, err
	}
	if err := r.complete(outcome); err != nil {
		return outcome, fmt.Errorf("%s: %w; delete the directory to train the run again", dir, err)
	}
	if outcome.Steps < r.Schedule.Steps && outcome.DivergedAt == nil {
		return outcome, nil
	}
	if err := lost(ctx); err != nil {
		return Outcome{}, err
	}
	r.checked = true
	return outcome, writeOutcome(dir, outcome, sum)
}

// validate returns an error if a field is missing or invalid.
func (r *Run) validate() error {
	if err := r.Schedule.Validate(); err != nil {
		return err
	}
	if err := r.Checkpoints.validate(); err != nil {
		return err
	}
	if r.HeadFirst > 0 && r.Program != nil {
		if err := CheckHead(r.Program.model); err != nil {
			return err
		}
	}
	switch {
	case r.Program == nil || r.Initial == nil || r.Batch == nil:
		return errors.New("a run needs a program, an initial state and batches; give all three")
	case len(r.Validation) == 0:
		return errors.New("a run needs a validation set; give it a batch or more")
	case len(r.Evaluate) == 0 || r.Evaluate[0] < 0 || r.Evaluate[len(r.Evaluate)-1] != r.Schedule.Steps:
		return fmt.Errorf("a run of %s cannot be evaluated at steps %v; the first must not be negative and the last must be its end", plain.Count(r.Schedule.Steps, "step"), r.Evaluate)
	}
	for i, step := range r.Evaluate[1:] {
		if step <= r.Evaluate[i] {
			return fmt.Errorf("a run cannot be evaluated at step %d after step %d; give the steps in ascending order, each once", step, r.Evaluate[i])
		}
	}
	return nil
}

// Ended returns the outcome of a run that has ended. It takes no lock, and checks
// neither the log nor the files of the run as [Run.TryTo] does.
func (r *Run) Ended() (outcome Outcome, ok bool) {
	dir, err := r.Dir()
	if err != nil {
		return outcome, false
	}
	outcome, _, err = readOutcome(dir)
	if err == nil {
		err = r.checkOutcome(dir, outcome)
	}
	if err != nil {
		return Outcome{}, false
	}
	r.replay(outcome.Curve)
	return outcome, true
}

// replay calls Observe with the validation losses of an earlier part of the run.
func (r *Run) replay(curve []Loss) {
	for _, l := range curve {
		r.observe(l.Step, l.Value(), true)
	}
}

func encodeJSON(value any) ([]byte, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	return append(text, '\n'), err
}
