package lag

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/selection"
)

// order tells a worker what to do.
type order struct {
	Kind     string       `json:"kind"`
	Study    *StudyConfig `json:"study,omitempty"`
	Stacking *Stacking    `json:"stacking,omitempty"`
	Measured *measured    `json:"measured,omitempty"`

	Dir       string  `json:"dir"`
	DataDir   string  `json:"data_dir"`
	Backend   string  `json:"backend"`
	PeakFLOPS float64 `json:"peak_flops"`
	Devices   int     `json:"devices"` // that train together in each process
	Index     int     `json:"index"`   // of the worker, from 1; of one that measures, from 0
	Workers   int     `json:"workers"` // number of processes
}

// Kinds of orders.
const (
	orderStudy    = "study"
	orderStacking = "stacking"
	orderMeasure  = "measure"
)

// workerProcess is an environment variable. If it is set, this process is a
// worker, and the first line of its standard input is its order.
const workerProcess = "LAG_WORKER"

// scheduler returns the scheduler for the work in the directory of a name: this
// process alone, or several. train says by which training those of [AutoWorkers] are
// measured.
func (o Options) scheduler(name string, work order, train func() (measured, error)) engine.Scheduler {
	if o.Workers == AutoWorkers && o.openBackend == nil {
		return automatic{o, name, work, train}
	}
	return o.processes(o.dir(name), work)
}

// processes returns the scheduler for a given number of processes.
func (o Options) processes(dir string, work order) engine.Scheduler {
	if o.Workers <= 1 || o.openBackend != nil {
		return engine.InProcess{}
	}
	work.Dir, work.DataDir, work.Backend, work.PeakFLOPS, work.Devices, work.Workers = dir, o.DataDir, o.Backend, o.PeakFLOPS, o.Devices, o.Workers
	var looked sync.Once
	var gpus []string
	return engine.Processes{N: o.Workers, Dir: dir, Command: func(ctx context.Context, index int) (c *exec.Cmd, input []byte, err error) {
		looked.Do(func() { gpus = backend.CUDADevices(ctx, o.Backend) })
		devices, err := engine.DeviceShare(gpus, index, o.Workers, o.Devices)
		if err != nil {
			return nil, nil, err
		}
		work.Index = index
		return workerCommand(ctx, work, devices...)
	}}
}

// worker is what a process that was started as a worker is told to do, and reads
// the end of the process that started it from.
type worker struct {
	input *bufio.Reader
	order []byte
}

// waiting is the worker whose order names a family or a rule that is not
// registered yet.
var waiting *worker

// A process that was started as a worker does its work before main begins, and
// exits. Every program that imports this package can therefore have workers,
// including a notebook's cell.
func init() {
	if os.Getenv(workerProcess) == "" {
		return
	}
	w := &worker{input: bufio.NewReader(os.Stdin)}
	var err error
	if w.order, err = w.input.ReadBytes('\n'); err != nil {
		exit(fmt.Errorf("reading the order: %w", err))
	}
	// Packages that are initialized later may register what the order names.
	model.OnRegister(w.try)
	selection.OnRegister(w.try)
	w.try()
}

// try does the work, if all that it needs is registered.
func (w *worker) try() {
	err := w.do(Interruptible())
	_, family := errors.AsType[*model.UnknownFamilyError](err)
	_, rule := errors.AsType[*selection.UnknownRuleError](err)
	if family || rule {
		waiting = w
		return
	}
	exit(err)
}

// exitWorker ends a worker in which main has begun: what its order names was not
// registered before.
func exitWorker() {
	if waiting != nil {
		exit(waiting.do(Interruptible()))
	}
}

// exit ends a worker.
func exit(err error) {
	switch {
	case interrupt.Only(err):
		log.Info("the worker was interrupted; progress is saved")
		if interrupt.Received() { // else the process that started it has stopped it
			os.Exit(interrupt.ExitCode())
		}
	case err != nil:
		log.Error("the worker failed", "error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// do carries out the order. It writes no result; the process that gave the order
// does.
func (w *worker) do(ctx context.Context) error {
	var work order
	if err := strictjson.Unmarshal(w.order, &work); err != nil {
		return fmt.Errorf("the order: %w", err)
	}
	o := Options{Dir: work.Dir, DataDir: work.DataDir, Backend: work.Backend, PeakFLOPS: work.PeakFLOPS, Devices: work.Devices}
	if m := work.Measured; m != nil {
		if work.Workers > 1 {
			if _, err := engine.TakeCores(work.Index, work.Workers); err != nil {
				return err
			}
		}
		return m.measure(ctx, o, w.input)
	}
	var join func(context.Context, Options, <-chan struct{}) error
	switch {
	case work.Study != nil:
		if err := work.Study.Validate(); err != nil {
			return err
		}
		join = work.Study.join
	case work.Stacking != nil:
		if err := work.Stacking.Validate(); err != nil {
			return err
		}
		join = work.Stacking.join
	default:
		return fmt.Errorf("the order has the unknown kind %q", work.Kind)
	}
	if _, err := engine.TakeCores(work.Index, work.Workers); err != nil {
		return err
	}
	ctx, shared := engine.Started(ctx, w.input)
	return join(ctx, o, shared)
}
