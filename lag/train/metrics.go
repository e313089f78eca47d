package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Metric is a line of metrics.jsonl: a training step or an evaluation.
type Metric struct {
	Step         int     `json:"step"` // updates done when it was measured
	Kind         string  `json:"kind"` // MetricTrain or MetricValidation
	Loss         float64 `json:"loss"` // nats per predicted token
	GradientNorm float64 `json:"grad_norm,omitzero"`
	Rate         float64 `json:"lr,omitzero"`
	Seconds      float64 `json:"seconds,omitzero"` // wall time of the step or the evaluation
}

const (
	MetricTrain      = "train"
	MetricValidation = "validation"
)

// metricsLog appends to a metrics.jsonl.
type metricsLog struct {
	file   *os.File
	buffer *bufio.Writer
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
		if json.Unmarshal(line, &m) != nil || m.Step > step || (m.Step == step && m.Kind == MetricTrain) {
			continue // a line cut off by a crash, or written after the checkpoint
		}
		kept.Write(line)
		if m.Kind == MetricValidation {
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
	return &metricsLog{file, bufio.NewWriter(file)}, validations, nil
}

func (l *metricsLog) add(m Metric) error {
	if math.IsNaN(m.Loss+m.GradientNorm) || math.IsInf(m.Loss+m.GradientNorm, 0) {
		return nil // the run's result records the divergence
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = l.buffer.Write(append(line, '\n'))
	return err
}

// sync brings the log to disk. It comes before every checkpoint, so that a
// checkpoint never knows of a step that the log does not.
func (l *metricsLog) sync() error {
	if err := l.buffer.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return l.file.Sync()
}

func (l *metricsLog) close() error { return errors.Join(l.sync(), l.file.Close()) }
