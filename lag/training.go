package lag

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Training is everything that determines the training of one model of any
// family. It is saved as training.json.
type Training struct {
	Name string `json:"name"` // directory name; does not affect the results

	Task

	// Initial is a model directory or the directory of a run. Training starts
	// from its weights and, if it has any, its moments. The model was imported
	// or grown and has the shape of Model. Empty means the model's own
	// initialization.
	Initial string `json:"initial,omitempty"`
	// NewVocabulary allows training with a new vocabulary from an initial model
	// whose tokenizer is not known: one that was imported without it, or with
	// one that cannot be read. Its embeddings are then those of other tokens.
	NewVocabulary bool `json:"new_vocabulary,omitempty"`
	// HeadFirst is the number of steps at the beginning that train the head alone,
	// for a model whose head is new, see [hf.Options]. Trained at once with the rest,
	// a head that knows nothing spoils what the rest has learned. The learning-rate
	// schedule goes over all steps.
	HeadFirst int `json:"head_first_steps,omitempty"`

	MicroBatches  int            `json:"micro_batches"` // number of parts of each batch; their gradients are accumulated
	Schedule      train.Schedule `json:"schedule"`
	EvaluateEvery int            `json:"evaluate_every"` // steps between validation losses

	CheckpointEvery int   `json:"checkpoint_every"`             // steps between checkpoints; like the next two, this does not affect the results
	CheckpointKeep  int   `json:"checkpoint_keep,omitempty"`    // number of latest checkpoints to keep; 0 means 2
	CheckpointsAt   []int `json:"checkpoint_keep_at,omitempty"` // steps whose checkpoints are always kept
}

// UnmarshalJSON reads a configuration. Unknown and missing fields are errors.
func (c *Training) UnmarshalJSON(text []byte) error {
	type fields Training
	var config fields
	if err := strictjson.Decode(sealed.Strip(text), &config); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	*c = Training(config)
	return nil
}

// Validate reports the first invalid setting and how to fix it.
func (c Training) Validate() error {
	if err := c.initial().validate(c.Task); err != nil {
		return err
	}
	if err := errors.Join(c.Task.Validate(), validateName(c.Name, "training")); err != nil {
		return err
	}
	if err := engine.Positive("micro_batches", c.MicroBatches, "schedule.steps", c.Schedule.Steps, "evaluate_every", c.EvaluateEvery, "checkpoint_every", c.CheckpointEvery); err != nil {
		return err
	}
	if err := c.Schedule.Validate(); err != nil {
		return err
	}
	if err := c.validateHeadFirst(); err != nil {
		return err
	}
	if c.BatchSize%c.MicroBatches != 0 {
		return fmt.Errorf("%d micro_batches do not divide the batch_size %d", c.MicroBatches, c.BatchSize)
	}
	return nil
}

func (c Training) validateHeadFirst() error {
	switch {
	case c.HeadFirst == 0:
		return nil
	case c.HeadFirst < 0 || c.HeadFirst > c.Schedule.Steps:
		return advice.Value(advice.HeadFirst, "is %d; it must be between 0 and the %d steps of the training", c.HeadFirst, c.Schedule.Steps)
	}
	if err := train.CheckHead(c.Model.Config); err != nil {
		return &advice.Error{Fields: []string{advice.HeadFirst}, Err: err}
	}
	return nil
}

// Describe returns a one-line description of the training. The configuration
// must be valid.
func (c Training) Describe() string {
	text := fmt.Sprintf("%s of %s, %d parameters, objective %s, %d steps of %d sequences with %s at a rate of %g, on %s",
		c.Model.Family(), c.Model.Layers(), c.Model.ParameterCount(), c.Objective.Settings.Kind(), c.Schedule.Steps, c.BatchSize,
		c.Optimizer.Name(), c.Schedule.Peak, c.Data.Corpus)
	if c.HeadFirst > 0 {
		text += fmt.Sprintf("; the first %d steps train the head alone", c.HeadFirst)
	}
	return text
}

// Train runs a training to its end, or finds it complete. If the context is
// canceled, Train saves the state before it returns; the same call then
// continues the training.
func Train(ctx context.Context, c Training, o Options) (_ *result.Training, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	if workers := o.several(); workers != "" {
		return nil, fmt.Errorf("a training is one run; %s have nothing to share, use 1", workers)
	}
	if o.On != nil {
		return nil, errors.New("a training is one run, and engines run the workers of studies and stackings; train it on one machine")
	}
	if err := c.initial().check(c.Task); err != nil {
		return nil, err
	}
	options := o.engine(c.Name)
	options.Padded = c.Initial != ""
	s, err := engine.Open(ctx, c.Task, options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	cost, err := c.Cost(c.Model, c.MicroBatches*max(1, o.Devices)) // the memory is that of one device
	if err != nil {
		return nil, err
	}
	log.Info("a step takes", "tokens", cost.Tokens, "GFLOP", math.Round(cost.FLOPs/1e6)/1e3, "memory", "about "+cost.Memory.String())
	run, err := c.run(s)
	if err != nil {
		return nil, err
	}
	dir, err := run.Dir()
	if err != nil {
		return nil, err
	}
	if err := c.save(s.Dir()); err != nil {
		return nil, err
	}
	outcomes, err := s.Bring(ctx, []*engine.Run{run}, c.Schedule.Steps)
	if err == nil {
		err = s.Cause(run)
	}
	if err != nil {
		return nil, engine.Advise("the training failed", err)
	}
	return describe(dir, outcomes[0], s.Dataset()), nil
}

// describe describes the outcome of a training.
func describe(dir string, o train.Outcome, d *data.Dataset) *result.Training {
	t := &result.Training{
		Dir: dir, Curve: points(o.Curve), Loss: result.Undefined(), ShuffledLoss: result.Undefined(),
		Steps: o.Steps, DivergedAt: o.DivergedAt, UnigramEntropy: d.UnigramEntropy,
	}
	if shuffled, ok := engine.ShuffledLoss(o); ok {
		t.ShuffledLoss = shuffled
	}
	if n := len(t.Curve); n > 0 {
		t.Loss = t.Curve[n-1].Loss
	}
	return t
}

// run returns the run of the training.
func (c Training) run(s *engine.Session) (*engine.Run, error) {
	spec := s.Spec(progress.PhaseTrain, c.Model, c.Seed, c.Schedule, engine.EvaluationsEvery(c.EvaluateEvery, c.Schedule.Steps))
	spec.MicroBatches, spec.EvaluateEvery, spec.HeadFirst = c.MicroBatches, c.EvaluateEvery, c.HeadFirst
	if c.Initial != "" {
		fingerprint, err := s.SetInitial(c.Initial)
		if err != nil {
			return nil, err
		}
		spec.InitialWeights = fingerprint
	}
	label := progress.Event{Phase: progress.PhaseTrain, Run: c.Name, Count: 1, Total: int64(c.Schedule.Steps), Loss: math.NaN()}
	s.Observe(label)
	return s.NewRun(spec, nil, train.Checkpoints{Every: c.CheckpointEvery, Keep: c.CheckpointKeep, KeepAt: c.CheckpointsAt}, label)
}

// save writes training.json. It warns if the directory holds another training
// or a study; their runs stay.
func (c Training) save(dir string) error {
	path := filepath.Join(dir, result.TrainingConfig)
	var before Training
	switch err := sealed.Read(path, &before); {
	case errors.Is(err, os.ErrNotExist):
	case sealed.IsDamaged(err):
		log.Warn("the configuration in the directory is damaged; it is written again", "error", err)
	case sealed.IsOtherVersion(err):
		if err := setConfigAside(path); err != nil {
			return err
		}
	case err != nil:
		return err
	case !reflect.DeepEqual(before, c):
		log.Warn("this directory held a training with another configuration; its curve is replaced, its run is kept", "dir", dir)
	}
	if exists(filepath.Join(dir, result.StudyConfig)) {
		log.Warn("this directory holds a study; the training writes its files beside the study's", "dir", dir)
	}
	return sealed.Write(path, c)
}

// Continue trains the run in a directory to its end. It needs only the run's
// config.json and, for a grown model, the config.json of the runs that it grows
// from; these must be in the same parent directory. The data must be prepared.
// The backend is the one that config.json names. Dir and Backend of the options
// must be empty.
func Continue(ctx context.Context, dir string, o Options) (_ *result.Training, err error) {
	if o.Dir != "" || o.Backend != "" || o.several() != "" || o.On != nil {
		return nil, errors.New("the run determines directory and backend, and one process trains it; leave Dir, Backend, Workers and On out")
	}
	s, run, err := engine.OpenRun(ctx, dir, o.engine(""))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run.StateNeeded = true // whoever asks for a single run wants what it leaves
	outcomes, err := s.Bring(ctx, []*engine.Run{run}, run.Spec.Schedule.Steps)
	if err == nil {
		err = s.Cause(run)
	}
	if err != nil {
		return nil, engine.Advise("the run failed", err)
	}
	return describe(dir, outcomes[0], s.Dataset()), nil
}
