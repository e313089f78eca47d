package train

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
)

// Outcome is the content of a run's result.json, or the intermediate result of a run
// that has none yet.
type Outcome struct {
	Curve      []Loss          `json:"curve"`                 // validation loss
	AtEnd      map[string]Loss `json:"at_end,omitempty"`      // losses on the run's AtEnd sets
	Steps      int             `json:"steps"`                 // number of updates done
	DivergedAt *int            `json:"diverged_at,omitempty"` // step whose loss or gradient was not finite

	// Failed is the error of the device that stopped the run after Steps
	// updates, see [DeviceError]; otherwise nil. It is not in result.json: the
	// next call continues the run from its newest checkpoint.
	Failed error `json:"-"`
}

// StoppedAt returns the step at which the run stopped early, because it
// diverged or its device failed. It returns ok = false if it did not.
func (o Outcome) StoppedAt() (step int, ok bool) {
	switch {
	case o.DivergedAt != nil:
		return *o.DivergedAt, true
	case o.Failed != nil:
		return o.Steps, true
	}
	return 0, false
}

// Loss is a validation loss after a number of steps.
type Loss struct {
	Step    int       `json:"step"`
	Loss    *float64  `json:"loss"`              // nats per predicted token; nil if not finite
	Batches []float64 `json:"batches,omitempty"` // the loss on each batch of the validation set
}

// Value returns the loss, or NaN if it was not finite.
func (l Loss) Value() float64 {
	if l.Loss == nil {
		return math.NaN()
	}
	return *l.Loss
}

// complete returns an error unless an outcome has a loss for every step at
// which the run is evaluated, up to its last step or its divergence. Losses can
// be missing if metrics.jsonl was lost or damaged.
func (r *Run) complete(outcome Outcome) error {
	i := 0
	for _, step := range r.Evaluate {
		if step > outcome.Steps {
			break
		}
		if i == len(outcome.Curve) || outcome.Curve[i].Step != step {
			return fmt.Errorf("the validation loss at step %d is missing", step)
		}
		i++
	}
	return nil
}

// outcomeFile is the content of result.json.
type outcomeFile struct {
	Outcome
	Run string `json:"run,omitempty"`     // address of the run
	Log string `json:"metrics,omitempty"` // checksum of metrics.jsonl without its clocks, see [nextSum]
}

// outcomePath returns the path of the outcome in a run's directory.
func outcomePath(dir string) string { return filepath.Join(dir, OutcomeFile) }

// writeOutcome writes the outcome of a run whose log has the checksum sum.
func writeOutcome(dir string, outcome Outcome, sum string) error {
	return sealed.Write(outcomePath(dir), outcomeFile{outcome, addressOf(dir), sum})
}

// readOutcome returns the outcome of a run and the checksum of its log, which is
// empty in files of earlier versions. The error wraps [os.ErrNotExist] if the
// run is not complete, and [sealed.DamagedError] if the file is damaged or
// belongs to another run.
func readOutcome(dir string) (outcome Outcome, sum string, err error) {
	var f outcomeFile
	if err := sealed.Read(outcomePath(dir), &f); err != nil {
		return outcome, "", err
	}
	if address := addressOf(dir); f.Run != "" && address != "" && f.Run != address {
		return outcome, "", damagedOutcome(dir, fmt.Errorf("it belongs to the run %s", f.Run))
	}
	return f.Outcome, f.Log, nil
}

func damagedOutcome(dir string, err error) error {
	return &sealed.DamagedError{Path: outcomePath(dir), Err: err}
}

// checkOutcome returns an error if an outcome from a result.json cannot be that
// of this run.
func (r *Run) checkOutcome(dir string, outcome Outcome) error {
	err := r.complete(outcome)
	if err == nil && (outcome.Steps < 0 || outcome.DivergedAt == nil && outcome.Steps != r.Schedule.Steps) {
		err = fmt.Errorf("it ends after %d of %s", outcome.Steps, plain.Count(r.Schedule.Steps, "step"))
	}
	if err != nil {
		return damagedOutcome(dir, err)
	}
	return nil
}

// found returns the outcome of a complete run. ok is false if the run must be
// trained, because it is not complete or a file that its outcome rests on is
// damaged. A damaged result.json is set aside. The caller must hold the run's
// lock.
func (r *Run) found(dir string) (outcome Outcome, ok bool, err error) {
	outcome, sum, err := readOutcome(dir)
	if errors.Is(err, os.ErrNotExist) {
		return outcome, false, nil
	}
	if err == nil {
		err = r.checkOutcome(dir, outcome)
	}
	if err != nil {
		if !sealed.IsDamaged(err) {
			return outcome, false, err
		}
		log.Warn("the result of a run cannot be used; what was lost is trained again", "error", err)
		return Outcome{}, false, setAside([]string{outcomePath(dir)})
	}
	if r.checked { // in an earlier call
		return outcome, true, nil
	}
	if r.LogNeeded {
		usable, err := r.checkLog(dir, outcome, sum)
		if err != nil || !usable {
			return Outcome{}, false, err // the result stays until training has begun
		}
	}
	if r.StateNeeded && outcome.DivergedAt == nil {
		_, err := loadCheckpoint(CheckpointDir(dir), outcome.Steps)
		if isDamaged(err) || errors.Is(err, os.ErrNotExist) {
			log.Warn("the final state of a run cannot be used; the end of the run is trained again", "error", err)
			return Outcome{}, false, nil // the result stays until training has begun
		}
		if err != nil {
			return Outcome{}, false, err
		}
	}
	r.checked = true
	return outcome, true, nil
}

// writeFiles writes the files of a run that are known before it is trained, if
// they are missing or damaged. After the first call it does nothing.
func (r *Run) writeFiles(dir string) error {
	if r.written {
		return nil
	}
	config, err := encodeJSON(r.Config)
	if err != nil {
		return err
	}
	files := map[string][]byte{ConfigFile: config}
	if r.Files != nil {
		more, err := r.Files()
		if err != nil {
			return err
		}
		maps.Copy(files, more)
	}
	for name, want := range files {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(text, want):
			continue
		case err == nil:
			log.Warn("this file of a run is damaged or outdated; it is written again", "file", path)
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
		if err := atomicfile.WriteBytes(path, want); err != nil {
			return err
		}
	}
	r.written = true
	return nil
}
