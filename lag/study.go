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
	"runtime"
	"runtime/debug"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// Options say where and how a study is run. They do not change what it computes.
type Options struct {
	Dir     string   // directory of the study; empty means runs/<name>
	DataDir string   // directory of prepared data, shared by studies; empty means ".lag-data" beside Dir
	Backend string   // engine, see [backend.Open]; empty means [backend.Auto]
	Observe Observer // receives news of the study; nil for nobody

	PeakFLOPS float64 // what the device can do in a second, for the utilization in metrics.jsonl; 0 if unknown
}

// withDefaults fills in what is empty and makes the directory of a study or a
// training of that name.
func (o Options) withDefaults(name string) (Options, error) {
	if o.Dir == "" {
		o.Dir = filepath.Join("runs", name)
	}
	if o.DataDir == "" {
		o.DataDir = filepath.Join(filepath.Dir(filepath.Clean(o.Dir)), ".lag-data")
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	return o, writable(o.Dir)
}

// prepare makes the data set, or finds it made, and checks that it has the
// vocabulary of the model.
func (o Options) prepare(ctx context.Context, config data.Config, vocabSize int) (*data.Dataset, error) {
	d, err := data.Prepare(ctx, config, o.DataDir, func(stage string, done, total int64) {
		o.Observe(Event{Phase: PhasePrepare, Run: stage, Done: done, Total: total, Loss: math.NaN()})
	})
	if err != nil {
		return nil, err
	}
	// A model's vocabulary may be padded beyond that of its tokenizer, as T5's is.
	if size := d.Tokenizer.VocabSize(); size > vocabSize || size < vocabSize && config.TokenizerFile == "" {
		err := fmt.Errorf("the data has a vocabulary of %d tokens where the model has %d; set both vocabulary sizes to %d, or use a larger corpus", size, vocabSize, size)
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Study is a study that is ready to run. It holds an open backend and its data
// set until it is closed.
type Study struct {
	Config  Config
	Pool    growth.Pool
	Dataset *data.Dataset

	dir       string
	observe   Observer
	peakFLOPS float64
	backend   *backend.Backend
	feed      *feed                  // of batches, shared by all candidates
	programs  map[int]*train.Program // by depth
}

// Open checks the configuration, opens the backend and prepares the data, which
// takes some seconds the first time.
func Open(ctx context.Context, config Config, o Options) (study *Study, err error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if o, err = o.withDefaults(config.Name); err != nil {
		return nil, err
	}
	s := &Study{Config: config, dir: o.Dir, peakFLOPS: o.PeakFLOPS, observe: o.Observe, programs: make(map[int]*train.Program)}
	if s.Pool, err = config.Pool(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.backend, err = backend.Open(o.Backend); err != nil {
		return nil, err
	}
	if s.Dataset, err = o.prepare(ctx, config.Data, config.Model.VocabSize); err != nil {
		return nil, err
	}
	s.feed, err = openFeed(s.Dataset, objective.Objective{Form: objective.Encoder, Settings: config.Objective},
		feedSettings{config.BatchSize, config.ValidationBatches, config.Seed})
	if err != nil {
		return nil, err
	}
	return s, s.saveConfig()
}

// saveConfig writes study.json. Where the directory held another study, its
// result goes, lest it be taken for this one's; its runs stay.
func (s *Study) saveConfig() error {
	path := filepath.Join(s.dir, configFile)
	var before Config
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &before); err != nil || !reflect.DeepEqual(before, s.Config) {
			log.Warn("this directory held a study of another configuration; its result is removed, its runs are kept", "dir", s.dir)
			if err := os.Remove(filepath.Join(s.dir, resultFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	var result Result
	if text, err := os.ReadFile(filepath.Join(s.dir, resultFile)); err == nil && json.Unmarshal(text, &result) == nil && result.Backend != s.backend.Kind {
		log.Warn("this study was computed with another backend; it is trained again, and its result replaced",
			"before", result.Backend, "now", s.backend.Kind, "dir", s.dir)
	}
	return atomicfile.WriteJSON(path, s.Config)
}

// Names of a study's files.
const (
	configFile = "study.json"
	resultFile = "result.json"
)

// Close releases the data and the backend.
func (s *Study) Close() error {
	var err error
	if s.feed != nil {
		err = s.feed.close() // it reads the data set
	}
	if s.Dataset != nil {
		err = errors.Join(err, s.Dataset.Close())
	}
	if s.backend != nil {
		s.backend.Finalize()
	}
	return err
}

// Dir is the directory of the study.
func (s *Study) Dir() string { return s.dir }

// writable makes a directory and tries whether files can be made in it, so that
// a study or a training fails before it has computed anything.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the directory %s cannot be made: %w; choose another", dir, err)
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("the directory %s cannot be written to: %w; choose another", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// program returns the training program of the model at a depth. There is one
// for each depth: all candidates share it.
func (s *Study) program(layers int) (*train.Program, error) {
	if p, ok := s.programs[layers]; ok {
		return p, nil
	}
	p, err := train.NewProgram(s.backend, s.Config.Model.WithLayers(layers), s.Config.Optimizer)
	if err == nil {
		s.programs[layers] = p
	}
	return p, err
}

// runConfig is what determines a run: the address of its directory.
type runConfig struct {
	Kind              Phase              `json:"kind"`
	Backend           string             `json:"backend"` // engines differ in the last bits
	Data              string             `json:"data"`    // fingerprint
	Objective         objective.MLM      `json:"objective"`
	Model             bert.Config        `json:"model"`
	BatchSize         int                `json:"batch_size"`
	ValidationBatches int                `json:"validation_batches"`
	Seed              int64              `json:"seed"`
	Optimizer         train.AnyOptimizer `json:"optimizer"`
	Schedule          train.Schedule     `json:"schedule"`
	Evaluate          []int              `json:"evaluate"`
	FirstBatch        int                `json:"first_batch"`        // the run's step 0 takes this batch
	Parent            string             `json:"parent,omitempty"`   // address of the run that was grown
	Strategy          *growth.Strategy   `json:"strategy,omitempty"` // without its name
}

// environment is where a run was computed; no part of its address.
type environment struct {
	Backend string `json:"backend"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	CPUs    int    `json:"cpus"`
	Version string `json:"version"` // of this module
}

func environmentOf(b *backend.Backend) environment {
	e := environment{Backend: b.Description(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Version = info.Main.Version
	}
	return e
}

func (s *Study) runConfig(kind Phase, layers int, schedule train.Schedule, evaluate []int) runConfig {
	c := s.Config
	return runConfig{
		Kind: kind, Backend: s.backend.Kind, Data: s.Dataset.Fingerprint, Objective: c.Objective, Model: c.Model.WithLayers(layers),
		BatchSize: c.BatchSize, ValidationBatches: c.ValidationBatches, Seed: c.Seed, Optimizer: c.Optimizer,
		Schedule: schedule, Evaluate: evaluate,
	}
}

// newRun returns the run of a configuration. The event template says which run it is.
func (s *Study) newRun(config runConfig, event Event) (*train.Run, error) {
	program, err := s.program(config.Model.Layers)
	if err != nil {
		return nil, err
	}
	gates := func(int) []float32 { return openGates(config.Model.Layers) }
	if config.Strategy != nil {
		gates = config.Strategy.Gates
	}
	event.Total, event.Loss = int64(config.Schedule.Steps), math.NaN()
	cost := Model{config.Model}.Cost(s.feed.validation[0], config.Optimizer.Optimizer, 1)
	return &train.Run{
		Study: s.dir, Config: config, Env: environmentOf(s.backend), Program: program,
		Tokens: cost.Tokens, FLOPs: cost.FLOPs, PeakFLOPS: s.peakFLOPS,
		Batch: func(step int) ([]train.Batch, error) {
			batch, err := s.feed.training(int64(config.FirstBatch + step))
			return []train.Batch{batch}, err
		},
		Seed: s.Config.Seed, Gates: gates, Validation: s.feed.validation, Schedule: config.Schedule, Evaluate: config.Evaluate, Checkpoints: train.Checkpoints{Every: s.Config.CheckpointEvery},
		Observe: func(step int, loss float64, validation bool) {
			e := event
			e.Done, e.Loss = int64(step), loss
			if validation {
				e.Loss, e.Point = math.NaN(), &Point{Step: step, Loss: Number(loss)}
			}
			s.observe(e)
		},
	}, nil
}

func openGates(layers int) []float32 {
	gates := make([]float32, layers)
	for i := range gates {
		gates[i] = 1
	}
	return gates
}

// shuffledSet names, among the losses at the end of pretraining, that on shuffled context.
const shuffledSet = "shuffled context"

// pretraining returns the run of the source model.
func (s *Study) pretraining() (*train.Run, error) {
	c := s.Config
	config := s.runConfig(PhasePretrain, c.Model.Layers, c.Pretrain.Schedule, evaluationsEvery(c.Pretrain.EvaluateEvery, c.Pretrain.Schedule.Steps))
	run, err := s.newRun(config, Event{Phase: PhasePretrain, Run: fmt.Sprintf("%d layers", c.Model.Layers), Count: 1})
	if err != nil {
		return nil, err
	}
	run.AtEnd = map[string][]train.Batch{shuffledSet: s.feed.shuffled}
	run.Initial = func() (*train.State, error) { return run.Program.NewState(c.Seed), nil }
	return run, nil
}

// Pretrain trains the source model, or finds it trained, and describes it.
func (s *Study) Pretrain(ctx context.Context) (Source, error) {
	run, err := s.pretraining()
	if err != nil {
		return Source{}, err
	}
	s.observe(Event{Phase: PhasePretrain, Run: fmt.Sprintf("%d layers", s.Config.Model.Layers), Count: 1,
		Total: int64(s.Config.Pretrain.Schedule.Steps), Loss: math.NaN()})
	outcome, err := run.Do(ctx)
	if err != nil {
		return Source{}, err
	}
	if outcome.DivergedAt != nil {
		return Source{}, fmt.Errorf("pretraining diverged at step %d: its loss or gradient is not finite; lower the learning rate %g or lengthen the warm-up",
			*outcome.DivergedAt, s.Config.Pretrain.Schedule.Peak)
	}
	c := s.Config
	source := Source{
		Steps:          outcome.Steps,
		UnigramEntropy: s.Dataset.UnigramEntropy,
		Curve:          points(outcome.Curve),
		Parameters:     c.Model.ParameterCount(),
		FLOPs:          float64(outcome.Steps) * c.Model.FLOPsPerStep(c.BatchSize, c.Objective.SequenceLength, c.Objective.Predictions(c.Objective.SequenceLength)),
	}
	source.Loss = source.Curve[len(source.Curve)-1].Loss
	source.ShuffledLoss = Number(outcome.AtEnd[shuffledSet].Value())
	return source, nil
}

func points(curve []train.Loss) []Point {
	list := make([]Point, len(curve))
	for i, l := range curve {
		list[i] = Point{Step: l.Step, Loss: Number(l.Value())}
	}
	return list
}

// Load reads the configuration and the result of a study that is complete.
func Load(dir string) (*Result, Config, error) {
	var result Result
	var config Config
	if _, err := os.Stat(dir); err != nil {
		return nil, config, fmt.Errorf("there is no study in %s: %w", dir, err)
	}
	for _, f := range []struct {
		name string
		to   any
	}{{configFile, &config}, {resultFile, &result}} {
		path := filepath.Join(dir, f.name)
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, config, fmt.Errorf("%s: there is no %s; run the study to its end first", dir, f.name)
		}
		if err != nil {
			return nil, config, err
		}
		if err := json.Unmarshal(text, f.to); err != nil {
			return nil, config, fmt.Errorf("%s is damaged: %w; run the study again, what is computed is kept", path, err)
		}
	}
	return &result, config, nil
}
