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

// order is what a worker is told to do.
type order struct {
	Kind     string       `json:"kind"`
	Study    *StudyConfig `json:"study,omitempty"`
	Stacking *Stacking    `json:"stacking,omitempty"`

	Dir       string  `json:"dir"`
	DataDir   string  `json:"data_dir"`
	Backend   string  `json:"backend"`
	PeakFLOPS float64 `json:"peak_flops"`
	Index     int     `json:"index"`   // of the worker, from 1
	Workers   int     `json:"workers"` // processes in all
}

// Kinds of orders.
const (
	orderStudy    = "study"
	orderStacking = "stacking"
)

// workerOrder is the environment variable that makes a process a worker: the
// path of its order.
const workerOrder = "LAG_WORKER"

// scheduler returns what carries out the work in a directory: this process, or
// several.
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

// A process that was started as a worker works, and ends before its main function
// begins: so every program that imports this package can have workers, a
// notebook's cell among them.
func init() {
	path := os.Getenv(workerOrder)
	if path == "" {
		return
	}
	code := 0
	if err := work(Interruptible(), path); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("the worker ends", "error", err)
		code = 1
	}
	os.Exit(code)
}

// work carries out an order. It reports nothing and writes no result: the process
// that gave the order does.
func work(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_ = os.Remove(path) // it was read; another one is left to `lag runs clean`
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
	return fmt.Errorf("the order %s is of kind %q, and there is no such kind", path, w.Kind)
}
