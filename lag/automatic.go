package lag

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/model"
)

// AutoWorkers, as [Options].Workers, lets a measurement choose the number: at the
// beginning, some processes train a few steps of the largest model at the same time,
// with a share of the cores each. What was chosen is logged, and remembered in the
// user's cache directory for this model, task, number of cores, plugin and machine.
// The last digits of results depend on it, as on any number. With GPUs it is one
// worker for each that this process sees, without a measurement.
const AutoWorkers = math.MinInt32

// measured describes the training whose speed determines the number of workers.
type measured struct {
	Task   engine.Task `json:"task"`
	Model  model.Model `json:"model"`
	Padded bool        `json:"padded"` // see [engine.Options]

	Runs  int           `json:"runs"`  // that processes can share
	Least time.Duration `json:"least"` // how long each process measures
}

// measuredFor is how long each process measures. Tests make it shorter.
var measuredFor = 2 * time.Second

// load is how many processes compute on the machine. For tests, none do.
var load = cores.Load

// measured describes the training of the study's candidates.
func (c StudyConfig) measured() (m measured, err error) {
	planned, err := c.PlannedRuns()
	if err != nil {
		return m, err
	}
	m = measured{Task: c.Task, Padded: c.Pretrain.Initial != "", Runs: len(planned) - 1} // the source is not shared
	m.Model, err = c.Model.WithDepths(c.Growth.To...)
	return m, err
}

// measured describes the training in the last stage.
func (c Stacking) measured() (m measured, err error) {
	m.Task = c.Task
	if m.Runs, err = c.CountRuns(); err != nil {
		return m, err
	}
	m.Model, err = c.Model.WithDepths(c.Stages[len(c.Stages)-1].Depths...)
	return m, err
}

// several says which workers were asked for besides this process. Without any it
// returns "".
func (o Options) several() string {
	switch {
	case o.Workers == AutoWorkers:
		return "workers by measurement"
	case o.Workers > 1:
		return fmt.Sprintf("%d workers", o.Workers)
	}
	return ""
}

// atMost returns the greatest number of processes that the options may lead to, for
// a number of runs to share.
func (o Options) atMost(runs int) int {
	if o.Workers == AutoWorkers {
		return max(1, min(cores.Usable(), runs))
	}
	return o.Workers
}

// automatic is the scheduler of [AutoWorkers].
type automatic struct {
	options Options
	name    string // of the study or the stacking
	work    order
	train   func() (measured, error)
}

// Carry implements [engine.Scheduler].
func (a automatic) Carry(ctx context.Context, p engine.Plan) error {
	others := load()   // before this process computes
	err := p.Open(ctx) // so that errors come first, and the data is there
	if p.Pause != nil {
		err = errors.Join(err, p.Pause()) // its engine would be in the way
	}
	if err != nil {
		return err
	}
	n, err := a.choose(ctx, others)
	if err != nil {
		return err
	}
	o := a.options
	o.Workers = n
	return o.processes(o.dir(a.name), a.work).Carry(ctx, p)
}

// choose returns the number of processes. If it cannot be measured, that is one. others
// is how many other processes compute on the machine.
func (a automatic) choose(ctx context.Context, others float64) (n int, err error) {
	train, err := a.train()
	if err != nil {
		return 0, err
	}
	train.Least = measuredFor
	options := a.options.engine(a.name)
	options.Padded = train.Padded
	s, err := engine.Open(ctx, train.Task, options)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !s.OnCores() {
		n = max(1, min(train.Runs, len(backend.CUDADevices(ctx, a.options.Backend))))
		log.Info("workers: one for each GPU that this process sees, as far as there are runs", "workers", n, "runs", train.Runs)
		return n, nil
	}
	choice, remembered, err := s.ChooseProcesses(ctx, train.Model, train.Runs, others, func(ctx context.Context, n int) (float64, error) {
		return a.measure(ctx, train, n)
	})
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err != nil:
		log.Warn("the number of workers cannot be measured; this process trains alone", "error", err)
		return 1, nil
	}
	if len(choice.Measured) > 0 {
		from := "measured now"
		if remembered {
			from = "measured earlier"
		}
		log.Info("the number of workers was chosen by their speed", "workers", choice.Processes, "steps a second by number of workers", choice.String(), "from", from)
	} else {
		log.Info("one worker: there is nothing to share", "cores", cores.Usable(), "runs", train.Runs)
	}
	return choice.Processes, nil
}

// measure returns the speed of n processes together.
func (a automatic) measure(ctx context.Context, train measured, n int) (rate float64, err error) {
	work := order{Kind: orderMeasure, Measured: &train, Workers: n}
	work.Dir, work.DataDir, work.Backend = a.options.dir(a.name), a.options.DataDir, a.options.Backend
	return engine.Processes{N: n, Command: func(ctx context.Context, index int) (*exec.Cmd, []byte, error) {
		work.Index = index
		return workerCommand(ctx, work)
	}}.Speed(ctx)
}

// workerCommand returns the command of a process that carries out an order, with
// additions to the environment of this process, and what it reads.
func workerCommand(ctx context.Context, work order, environment ...string) (c *exec.Cmd, input []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if input, err = json.Marshal(work); err != nil {
		return nil, nil, err
	}
	c = exec.CommandContext(ctx, self)
	c.Env = append(append(os.Environ(), workerProcess+"=1"), environment...)
	return c, append(input, '\n'), nil
}

// measure carries out an order to measure.
func (m measured) measure(ctx context.Context, o Options, r *bufio.Reader) (err error) {
	options := o.engine("")
	options.Padded = m.Padded
	s, err := engine.Open(ctx, m.Task, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Speed(ctx, m.Model, m.Least, r, os.Stdout)
}
