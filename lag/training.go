package lag

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Training is everything that determines the training of one model, of any
// family. It is saved as training.json.
type Training struct {
	Name string `json:"name"` // of the training; no part of what it computes

	Task

	// Initial is a model directory, or that of a run, whose weights, and moments
	// if there are any, the training starts from: a model that was imported or
	// grown, of the shape of Model. Empty starts from the model's own initialization.
	Initial string `json:"initial,omitempty"`

	MicroBatches  int            `json:"micro_batches"` // parts into which a training batch is cut; their gradients are accumulated
	Schedule      train.Schedule `json:"schedule"`
	EvaluateEvery int            `json:"evaluate_every"` // steps between validation losses

	CheckpointEvery int   `json:"checkpoint_every"`             // steps between checkpoints; like the next two, no part of what a training computes
	CheckpointKeep  int   `json:"checkpoint_keep,omitempty"`    // newest checkpoints that are kept; 0 means 2
	CheckpointsAt   []int `json:"checkpoint_keep_at,omitempty"` // steps whose checkpoints are kept for good
}

// UnmarshalJSON reads a configuration. Unknown and missing fields are errors.
func (c *Training) UnmarshalJSON(text []byte) error {
	type fields Training
	var config fields
	if err := strictjson.Decode(text, &config); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	*c = Training(config)
	return nil
}

// Validate says what is impossible in the configuration, and how to mend it.
func (c Training) Validate() error {
	if err := errors.Join(c.Task.Validate(), c.Schedule.Validate(), validateName(c.Name, "training")); err != nil {
		return err
	}
	if err := positive("micro_batches", c.MicroBatches, "schedule.steps", c.Schedule.Steps, "evaluate_every", c.EvaluateEvery, "checkpoint_every", c.CheckpointEvery); err != nil {
		return err
	}
	if c.BatchSize%c.MicroBatches != 0 {
		return fmt.Errorf("%d micro_batches do not divide the batch_size %d", c.MicroBatches, c.BatchSize)
	}
	return nil
}

// Describe says in one line what is trained on what. The configuration must be valid.
func (c Training) Describe() string {
	return fmt.Sprintf("%s of %s, %d parameters, objective %s, %d steps of %d sequences with %s at a rate of %g, on %s",
		c.Model.Family(), c.Model.Layers(), c.Model.ParameterCount(), c.Objective.Settings.Kind(), c.Schedule.Steps, c.BatchSize,
		c.Optimizer.Name(), c.Schedule.Peak, c.Data.Corpus)
}

// Train brings a training to its end, or finds it done. When the context is
// cancelled, it saves the state first, and the same call goes on from there.
func Train(ctx context.Context, c Training, o Options) (_ *result.Training, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	o, err = o.withDefaults(c.Name)
	if err != nil {
		return nil, err
	}
	session, err := openSession(ctx, c.Task, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	d, f := session.dataset, session.fixed()
	program, err := session.program(c.Model)
	if err != nil {
		return nil, err
	}
	cost, err := c.Task.Cost(c.Model, c.MicroBatches)
	if err != nil {
		return nil, err
	}
	log.Info("a step takes", "tokens", cost.Tokens, "GFLOP", math.Round(cost.FLOPs/1e6)/1e3, "memory", "about "+cost.Memory.String())
	config := trainingConfig{Training: c.computes(), Backend: session.backend.Kind, Data: d.Fingerprint}
	run := c.run(program, f, cost, o, environmentOf(session.backend))
	if c.Initial != "" {
		initial, err := c.Task.loadInitial(c.Initial, d)
		if err != nil {
			return nil, err
		}
		config.InitialWeights = initial.Fingerprint()
		run.Initial = func(context.Context) (*train.State, error) { return program.Restore(initial) }
	}
	run.Config = config
	dir, err := run.Dir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := errors.Join(c.save(o.Dir), d.Tokenizer.SaveTo(dir)); err != nil {
		return nil, err
	}
	outcome, err := run.Do(ctx)
	if err = advise("the training failed", err); err != nil {
		return nil, err
	}
	t := &result.Training{
		Dir: dir, Curve: points(outcome.Curve), Loss: result.Undefined(), ShuffledLoss: result.Number(outcome.AtEnd[shuffledSet].Value()),
		Steps: outcome.Steps, DivergedAt: outcome.DivergedAt, UnigramEntropy: d.UnigramEntropy,
	}
	if n := len(t.Curve); n > 0 {
		t.Loss = t.Curve[n-1].Loss
	}
	return t, nil
}

// save writes training.json. Where the directory held another training or a
// study, it says so; their runs stay.
func (c Training) save(dir string) error {
	path := filepath.Join(dir, result.TrainingConfig)
	if text, err := os.ReadFile(path); err == nil {
		var before Training
		if err := json.Unmarshal(text, &before); err != nil || !reflect.DeepEqual(before, c) {
			log.Warn("this directory held a training of another configuration; its curve is replaced, its run is kept", "dir", dir)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, result.StudyConfig)); err == nil {
		log.Warn("this directory holds a study; the training's files lie beside its own", "dir", dir)
	}
	return atomicfile.WriteJSON(path, c)
}

// trainingConfig is what determines a training run: the address of its directory.
type trainingConfig struct {
	Training
	Backend string `json:"backend"`     // engines differ in the last bits
	Data    string `json:"fingerprint"` // of the data set

	InitialWeights string `json:"initial_weights,omitempty"` // fingerprint
}

// computes is the training without what has no part in what it computes. Data
// and initial weights count by their fingerprints: a directory may be moved.
func (c Training) computes() Training {
	c.Name, c.Initial, c.Data = "", "", data.Config{}
	c.CheckpointEvery, c.CheckpointKeep, c.CheckpointsAt = 0, 0, nil
	return c
}

func (c Training) run(program *train.Program, f *feed, cost Cost, o Options, env environment) *train.Run {
	event := progress.Event{Phase: progress.PhaseTrain, Run: c.Name, Count: 1, Total: int64(c.Schedule.Steps), Loss: math.NaN()}
	o.Observe(event)
	run := &train.Run{
		Study: o.Dir, Env: env, Program: program, Seed: c.Seed, Tokens: cost.Tokens, FLOPs: cost.FLOPs, PeakFLOPS: o.PeakFLOPS,
		Initial: func(context.Context) (*train.State, error) { return program.NewState(c.Seed), nil },
		Batch: func(step int) ([]train.Batch, error) {
			batch, err := f.training(int64(step))
			if err != nil || c.MicroBatches == 1 {
				return []train.Batch{batch}, err
			}
			parts, err := batch.Split(c.MicroBatches)
			return parts, errors.Join(err, batch.Finalize())
		},
		Validation: f.validation,
		Schedule:   c.Schedule, Evaluate: evaluationsEvery(c.EvaluateEvery, c.Schedule.Steps),
		Checkpoints: train.Checkpoints{Every: c.CheckpointEvery, Keep: c.CheckpointKeep, KeepAt: c.CheckpointsAt},
		Observe: func(step int, loss float64, validation bool) {
			e := event
			e.Done, e.Loss = int64(step), loss
			if validation {
				e.Loss, e.Point = math.NaN(), &result.Point{Step: step, Loss: result.Number(loss)}
			}
			o.Observe(e)
		},
	}
	if len(f.shuffled) > 0 {
		run.AtEnd = map[string][]train.Batch{shuffledSet: f.shuffled}
	}
	return run
}
