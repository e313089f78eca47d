package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Event is what a line of metrics.jsonl tells of.
type Event string

const (
	EventTrain      Event = "train"      // an update
	EventValidation Event = "validation" // an evaluation
	EventCheckpoint Event = "checkpoint" // the state was to be saved
	EventResume     Event = "resume"     // the run went on from a checkpoint
	EventDiverged   Event = "diverged"   // a loss or a gradient was not finite; the step changed nothing
)

// Metric is a line of metrics.jsonl. A run that was interrupted and went on has
// the lines of one that was not, [Clock] apart, and those of interruptions.
type Metric struct {
	Step         int                `json:"step"` // updates done before it
	Event        Event              `json:"event"`
	Loss         float64            `json:"loss,omitzero"`      // nats per predicted token
	Terms        map[string]float64 `json:"terms,omitempty"`    // the other terms of the loss, each a mean
	Batches      []float64          `json:"batches,omitempty"`  // of a validation: the loss on each batch of the set
	GradientNorm float64            `json:"grad_norm,omitzero"` // before clipping
	ParameterRMS float64            `json:"param_rms,omitzero"` // before the update
	UpdateRMS    float64            `json:"update_rms,omitzero"`
	Rate         float64            `json:"lr,omitzero"`
	File         string             `json:"file,omitzero"`    // of the checkpoint
	Refused      []string           `json:"refused,omitzero"` // newer checkpoints that are damaged
	Clock
}

// Clock is the part of a [Metric] that no two executions have in common.
type Clock struct {
	Seconds float64 `json:"seconds,omitzero"` // wall time of a step, its batch and at first its compilation included, or of an evaluation
	Tokens  float64 `json:"tokens_per_s,omitzero"`
	FLOPs   float64 `json:"flop_per_s,omitzero"`
	MFU     float64 `json:"mfu,omitzero"` // model FLOPs utilization: the fraction of the device's peak (Chowdhery et al. 2022, appendix B)
}

// metricsLog appends to a metrics.jsonl.
type metricsLog struct {
	file   *os.File
	buffer *bufio.Writer
	err    error // the first; it is reported once
}

// openMetrics opens the log of a run that goes on from a step, drops the lines
// that a lost part of the run wrote, and returns the validation losses that
// remain. The step's own validation may be missing; its training loss belongs to the part that is to come.
func openMetrics(path string, step int) (*metricsLog, []Metric, error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	var kept bytes.Buffer
	var validations []Metric
	for line := range bytes.Lines(old) {
		var m Metric
		if json.Unmarshal(line, &m) != nil || line[len(line)-1] != '\n' {
			continue // cut off by a crash
		}
		if m.Step > step || m.Step == step && (m.Event == EventTrain || m.Event == EventDiverged) {
			continue // written after the checkpoint
		}
		kept.Write(line)
		if m.Event == EventValidation {
			validations = append(validations, m)
		}
	}
	if err := atomicfile.WriteBytes(path, kept.Bytes()); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	return &metricsLog{file: file, buffer: bufio.NewWriter(file)}, validations, nil
}

// ReadMetrics returns the lines of a run's metrics.jsonl, in order. A line that
// a crash cut off is left out.
func ReadMetrics(run string) ([]Metric, error) {
	text, err := os.ReadFile(metricsPath(run))
	if err != nil {
		return nil, err
	}
	var metrics []Metric
	for line := range bytes.Lines(text) {
		var m Metric
		if json.Unmarshal(line, &m) == nil {
			metrics = append(metrics, m)
		}
	}
	return metrics, nil
}

// metricsPath is the log in a run's directory.
func metricsPath(run string) string { return filepath.Join(run, "metrics.jsonl") }

// add appends a line, which reaches the disk with the next [metricsLog.sync].
func (l *metricsLog) add(m Metric) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	_, err = l.buffer.Write(append(line, '\n'))
	return l.fail(err)
}

// sync brings the log to disk. It comes before every checkpoint, so that a
// checkpoint never knows of a step that the log does not.
func (l *metricsLog) sync() error {
	if err := l.buffer.Flush(); err != nil {
		return l.fail(err)
	}
	return l.fail(l.file.Sync())
}

// close reports no error that was reported before.
func (l *metricsLog) close() error {
	var err error
	if l.err == nil {
		err = l.sync()
	}
	return errors.Join(err, l.file.Close())
}

func (l *metricsLog) fail(err error) error {
	if err == nil {
		return nil
	}
	l.err = fmt.Errorf("writing %s: %w", l.file.Name(), err)
	return l.err
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
