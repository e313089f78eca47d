package train

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Event is the kind of a line in metrics.jsonl.
type Event string

const (
	EventTrain      Event = "train"      // an update
	EventValidation Event = "validation" // an evaluation
	EventCheckpoint Event = "checkpoint" // the state is about to be saved
	EventResume     Event = "resume"     // the run continued from a checkpoint
	EventDiverged   Event = "diverged"   // a loss or gradient was not finite; the state did not change
)

// Metric is a line of metrics.jsonl. An interrupted run that was continued has
// the same lines as an uninterrupted one, except for [Clock] and the lines
// about interruptions.
type Metric struct {
	Step         int                `json:"step"` // number of updates before the event
	Event        Event              `json:"event"`
	Loss         float64            `json:"loss,omitzero"`      // nats per predicted token
	Terms        map[string]float64 `json:"terms,omitempty"`    // means of the other terms of the loss
	Batches      []float64          `json:"batches,omitempty"`  // for a validation: the loss on each batch of the set
	GradientNorm float64            `json:"grad_norm,omitzero"` // before clipping
	ParameterRMS float64            `json:"param_rms,omitzero"` // before the update
	UpdateRMS    float64            `json:"update_rms,omitzero"`
	Rate         float64            `json:"lr,omitzero"`
	File         string             `json:"file,omitzero"`    // name of the checkpoint's file
	Refused      []string           `json:"refused,omitzero"` // newer, damaged checkpoints
	Clock
}

// Clock is the part of a [Metric] that differs between executions.
type Clock struct {
	Seconds float64 `json:"seconds,omitzero"` // wall time of an evaluation, or of a step including its batch and compilation
	Tokens  float64 `json:"tokens_per_s,omitzero"`
	FLOPs   float64 `json:"flop_per_s,omitzero"`
	MFU     float64 `json:"mfu,omitzero"` // model FLOPs utilization: fraction of the device's peak (Chowdhery et al. 2022, appendix B)
}

// metricsLog appends lines to metrics.jsonl.
type metricsLog struct {
	file   *os.File
	buffer *bufio.Writer
	sum    string // checksum of the lines so far
	err    error  // an error that was already returned

	flushed time.Time // when lines last went to the file
}

// latency is how long a line stays in the buffer at most while others follow, so
// that who watches a run sees it at work.
const latency = time.Second

// openMetrics opens the log of a run that continues from a step. It removes the
// lines after that step, which were written by a lost part of the run, and
// damaged ones, and returns the remaining validations. A validation at the step
// itself stays if there is one; the training loss at that step is removed.
func openMetrics(path string, before *runLog, step int) (*metricsLog, []Metric, error) {
	l := &metricsLog{sum: before.first}
	var kept []byte
	var validations []Metric
	var err error
	for _, line := range before.lines {
		m := line.Metric
		if m.Step > step || m.Step == step && (m.Event == EventTrain || m.Event == EventDiverged) {
			continue // written after the checkpoint
		}
		if line.sealed {
			kept, l.sum = append(kept, line.text...), line.sum
		} else if kept, l.sum, err = appendLine(kept, m, l.sum); err != nil {
			return nil, nil, fmt.Errorf("writing %s: %w", path, err)
		}
		if m.Event == EventValidation {
			validations = append(validations, m)
		}
	}
	if err := atomicfile.WriteBytes(path, kept); err != nil {
		return nil, nil, err
	}
	if l.file, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, nil, err
	}
	l.buffer = bufio.NewWriter(l.file)
	return l, validations, nil
}

// ReadMetrics returns the lines of a run's metrics.jsonl. It skips a last line
// that a crash truncated. If a line is damaged, it returns the lines before it
// and an error that wraps [sealed.DamagedError].
func ReadMetrics(run string) ([]Metric, error) {
	if _, err := os.Stat(metricsPath(run)); err != nil {
		return nil, err
	}
	l, err := readLog(run)
	if err != nil {
		return nil, err
	}
	var metrics []Metric
	for _, line := range l.lines {
		metrics = append(metrics, line.Metric)
	}
	return metrics, l.damage
}

// metricsPath returns the path of the log in a run's directory.
func metricsPath(run string) string { return filepath.Join(run, MetricsFile) }

// add appends a line. The next [metricsLog.sync] writes it to the disk.
func (l *metricsLog) add(m Metric) error {
	line, sum, err := appendLine(nil, m, l.sum)
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	l.sum = sum
	if _, err = l.buffer.Write(line); err == nil && time.Since(l.flushed) >= latency {
		err, l.flushed = l.buffer.Flush(), time.Now()
	}
	return l.fail(err)
}

// sync writes the log to the disk. It is called before every checkpoint, so
// that the log is never behind a checkpoint.
func (l *metricsLog) sync() error {
	if err := l.buffer.Flush(); err != nil {
		return l.fail(err)
	}
	return l.fail(atomicfile.Sync(l.file))
}

// close closes the log. It does not return an error that was already returned.
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
