package lag

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// session is what the runs in one directory share until it is closed: an open
// backend, the data set, batches and compiled programs.
type session struct {
	task      Task
	dir       string
	observe   progress.Observer
	peakFLOPS float64
	words     advice.Words
	backend   *backend.Backend
	dataset   *data.Dataset
	feeds     map[int64]*feed               // by seed; the one of the task's seed has the validation set
	programs  map[string]*train.Program     // by the JSON of the model
	events    map[*train.Run]progress.Event // what each run is of
	failed    []*failedRun
}

// openSession opens the backend and prepares the data, which takes some seconds
// the first time. The options must have their defaults.
func openSession(ctx context.Context, task Task, o Options) (_ *session, err error) {
	s := &session{task: task, dir: o.Dir, observe: o.Observe, peakFLOPS: o.PeakFLOPS, words: o.Words,
		feeds: make(map[int64]*feed), programs: make(map[string]*train.Program), events: make(map[*train.Run]progress.Event)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.backend, err = o.openBackend(o.Backend); err != nil {
		return nil, err
	}
	if s.dataset, err = o.prepare(ctx, task.Data, task.Model.Vocabulary()); err != nil {
		return nil, err
	}
	if err := task.Objective.Validate(s.dataset.Vocabulary()); err != nil {
		return nil, err
	}
	s.feeds[task.Seed], err = openFeed(s.dataset, task.Objective, task.Model.Config, feedSettings{task.BatchSize, task.ValidationBatches, task.Seed})
	return s, err
}

// Close releases the data and the backend.
func (s *session) Close() error {
	var err error
	for _, f := range s.feeds {
		if f != nil {
			err = errors.Join(err, f.close()) // it reads the data set
		}
	}
	if s.dataset != nil {
		err = errors.Join(err, s.dataset.Close())
	}
	if s.backend != nil {
		s.backend.Finalize()
	}
	return err
}

// Dir is the directory that the runs are in.
func (s *session) Dir() string { return s.dir }

// Dataset is what the runs train on.
func (s *session) Dataset() *data.Dataset { return s.dataset }

// fixed returns the feed with the validation set, which is the same for all seeds.
func (s *session) fixed() *feed { return s.feeds[s.task.Seed] }

// feed returns the training batches of a seed.
func (s *session) feed(seed int64) (f *feed, err error) {
	if f, ok := s.feeds[seed]; ok {
		return f, nil
	}
	f, err = openFeed(s.dataset, s.task.Objective, s.task.Model.Config, feedSettings{s.task.BatchSize, 0, seed})
	if err == nil {
		s.feeds[seed] = f
	}
	return f, err
}

// program returns the training program of a model. There is one for each
// configuration: all candidates share it.
func (s *session) program(m model.Model) (*train.Program, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	key := string(text)
	if p, ok := s.programs[key]; ok {
		return p, nil
	}
	p, err := train.NewProgram(s.backend, m.Config, s.task.Optimizer.Optimizer)
	if err == nil {
		s.programs[key] = p
	}
	return p, err
}

// cost is that of a training step of a model.
func (s *session) cost(m model.Model) Cost {
	c, _ := s.task.Cost(m, 1) // the task is valid
	return c
}

// runConfig is what determines a run: the address of its directory.
type runConfig struct {
	Kind              progress.Phase      `json:"kind"`
	Backend           string              `json:"backend"` // engines differ in the last bits
	Data              string              `json:"data"`    // fingerprint
	Objective         objective.Objective `json:"objective"`
	Model             model.Model         `json:"model"`
	BatchSize         int                 `json:"batch_size"`
	ValidationBatches int                 `json:"validation_batches"`
	ValidationSeed    int64               `json:"validation_seed"`
	Seed              int64               `json:"seed"` // of batches, masks, dropout and new weights
	Optimizer         train.AnyOptimizer  `json:"optimizer"`
	Schedule          train.Schedule      `json:"schedule"`
	Evaluate          []int               `json:"evaluate"`
	FirstBatch        int                 `json:"first_batch"`               // the run's step 0 takes this batch
	InitialWeights    string              `json:"initial_weights,omitempty"` // fingerprint
	Parent            string              `json:"parent,omitempty"`          // address of the run that was grown, or that a branch leaves
	ParentStep        int                 `json:"parent_step,omitempty"`     // step at which a branch leaves
	Strategy          *growth.Strategy    `json:"strategy,omitempty"`        // without its name
}

// runConfig returns what the runs of a session have in common.
func (s *session) runConfig(kind progress.Phase, m model.Model, seed int64, schedule train.Schedule, evaluate []int) runConfig {
	t := s.task
	return runConfig{
		Kind: kind, Backend: s.backend.Kind, Data: s.dataset.Fingerprint, Objective: t.Objective, Model: m,
		BatchSize: t.BatchSize, ValidationBatches: t.ValidationBatches, ValidationSeed: t.Seed, Seed: seed, Optimizer: t.Optimizer,
		Schedule: schedule, Evaluate: evaluate,
	}
}

// newRun returns the run of a configuration, without its initial state. The
// event template says which run it is.
func (s *session) newRun(config runConfig, checkpoints train.Checkpoints, event progress.Event) (*train.Run, error) {
	program, err := s.program(config.Model)
	if err != nil {
		return nil, err
	}
	batches, err := s.feed(config.Seed)
	if err != nil {
		return nil, err
	}
	run := &train.Run{
		Study: s.dir, Config: config, Env: environmentOf(s.backend), Program: program, PeakFLOPS: s.peakFLOPS,
		Batch: func(step int) ([]train.Batch, error) {
			batch, err := batches.training(int64(config.FirstBatch + step))
			return []train.Batch{batch}, err
		},
		Seed: config.Seed, Validation: s.fixed().validation, Schedule: config.Schedule, Evaluate: config.Evaluate, Checkpoints: checkpoints,
		Gates: func(int) []float32 { return openGates(config.Model) },
	}
	if config.Strategy != nil {
		run.Gates, run.Frozen = config.Strategy.Gates, config.Strategy.Frozen
	}
	cost := s.cost(config.Model)
	run.Tokens, run.FLOPs = cost.Tokens, cost.FLOPs
	event.Total, event.Loss = int64(config.Schedule.Steps), math.NaN()
	s.events[run] = event
	run.Observe = func(step int, loss float64, validation bool) {
		e := event
		e.Done, e.Loss = int64(step), loss
		if validation {
			e.Loss, e.Point = math.NaN(), &result.Point{Step: step, Loss: result.Number(loss)}
		}
		s.observe(e)
	}
	return run, nil
}

// begin has a run start from a state, and puts the vocabulary into its directory,
// so that its model can be exported, inspected and trained on.
func (s *session) begin(run *train.Run, initial func(context.Context) (*train.State, error)) {
	run.Initial = func(ctx context.Context) (*train.State, error) {
		dir, err := run.Dir()
		if err == nil {
			err = s.dataset.Tokenizer.SaveTo(dir)
		}
		if err != nil {
			return nil, err
		}
		return initial(ctx)
	}
}

// openGates are those of a model without gated layers. It has gates all the
// same, so that it shares its program with models that do.
func openGates(m model.Model) []float32 {
	var gates []float32
	for _, depth := range m.Depths() {
		for range depth {
			gates = append(gates, 1)
		}
	}
	return gates
}

// address is the name of a run's directory.
func address(run *train.Run) (string, error) { return train.Hash(run.Config) }
