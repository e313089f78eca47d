package lag

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/engine"
)

// order tells a worker what to compute.
type order struct {
	Kind     string       `json:"kind"`
	Study    *StudyConfig `json:"study,omitempty"`
	Stacking *Stacking    `json:"stacking,omitempty"`

	Dir       string  `json:"dir"`
	DataDir   string  `json:"data_dir"`
	Backend   string  `json:"backend"`
	PeakFLOPS float64 `json:"peak_flops"`
	Index     int     `json:"index"`   // of the worker, from 1
	Workers   int     `json:"workers"` // number of processes
}

// Kinds of orders.
const (
	orderStudy    = "study"
	orderStacking = "stacking"
)

// workerOrder is the environment variable that makes a process a worker. Its
// value is the path of the worker's order.
const workerOrder = "LAG_WORKER"

// scheduler returns the scheduler for the work in a directory: this process
// alone, or several.
func (o Options) scheduler(dir string, work order) engine.Scheduler {
	if o.Workers <= 1 || o.openBackend != nil {
		return engine.InProcess{}
	}
	work.Dir, work.DataDir, work.Backend, work.PeakFLOPS, work.Workers = dir, o.DataDir, o.Backend, o.PeakFLOPS, o.Workers
	return engine.Processes{N: o.Workers, Dir: dir, Command: func(ctx context.Context, index int) (*exec.Cmd, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		work.Index = index
		path := filepath.Join(dir, fmt.Sprintf(".worker-%d.json", index))
		if err := errors.Join(os.MkdirAll(dir, 0o755), atomicfile.WriteJSON(path, work)); err != nil {
			return nil, err
		}
		c := exec.CommandContext(ctx, self)
		c.Env = append(os.Environ(), workerOrder+"="+path)
		return c, nil
	}}
}

// A process that was started as a worker does its work here and exits before
// main. Every program that imports this package can therefore have workers,
// including a notebook's cell.
func init() {
	path := os.Getenv(workerOrder)
	if path == "" {
		return
	}
	code := 0
	switch err := work(Interruptible(), path); {
	case errors.Is(err, context.Canceled):
		log.Info("the worker was interrupted; progress is saved")
	case err != nil:
		log.Error("the worker failed", "error", err)
		code = 1
	}
	os.Exit(code)
}

// work carries out an order. It writes no result; the process that wrote the
// order does.
func work(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_ = os.Remove(path) // if this fails, `lag runs clean` removes the file
	var w order
	if err := json.Unmarshal(text, &w); err != nil {
		return fmt.Errorf("the order %s: %w", path, err)
	}
	if _, err := engine.TakeCores(w.Index, w.Workers); err != nil {
		return err
	}
	ctx = engine.WithParent(ctx)
	o := Options{Dir: w.Dir, DataDir: w.DataDir, Backend: w.Backend, PeakFLOPS: w.PeakFLOPS}
	switch {
	case w.Study != nil:
		return w.Study.join(ctx, o)
	case w.Stacking != nil:
		return w.Stacking.join(ctx, o)
	}
	return fmt.Errorf("the order %s has the unknown kind %q", path, w.Kind)
}
