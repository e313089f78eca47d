package lag

import (
	"context"
	"crypto/sha256"
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
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Options say where and how a study is run. They do not change what it computes.
type Options struct {
	Dir     string            // directory of the study; empty means runs/<name>
	DataDir string            // directory of prepared data, shared by studies; empty means ".lag-data" beside Dir
	Backend string            // engine, see [backend.Open]; empty means [backend.Auto]
	Observe progress.Observer // receives news of the study; nil for nobody

	Words advice.Words // for what warnings advise to change; nil for the names of the configuration's fields

	PeakFLOPS float64 // what the device can do in a second, for the utilization in metrics.jsonl; 0 if unknown

	openBackend func(name string) (*backend.Backend, error) // nil but in tests
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
		o.Observe = func(progress.Event) {}
	}
	if o.openBackend == nil {
		o.openBackend = backend.Open
	}
	return o, writable(o.Dir)
}

// prepare makes the data set, or finds it made, and checks that it has the
// vocabulary of the model.
func (o Options) prepare(ctx context.Context, config data.Config, vocabSize int) (*data.Dataset, error) {
	d, err := data.Prepare(ctx, config, o.DataDir, func(stage string, done, total int64) {
		o.Observe(progress.Event{Phase: progress.PhasePrepare, Run: stage, Done: done, Total: total, Loss: math.NaN()})
	})
	if err != nil {
		return nil, err
	}
	// A model's vocabulary may be padded beyond that of its tokenizer, as T5's is.
	if size := d.Tokenizer.VocabSize(); size > vocabSize || size < vocabSize && config.TokenizerFile == "" {
		err := &advice.Error{Fields: []string{advice.VocabSize, advice.Corpus}, Err: fmt.Errorf(
			"the data has a vocabulary of %d tokens where the model has %d; set both vocabulary sizes to %d, or use a larger corpus", size, vocabSize, size)}
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Study is a study that is ready to run. It holds an open backend and its data
// set until it is closed.
type Study struct {
	*session
	Config Config
	Pool   growth.Pool

	rules   []selection.Rule
	initial *train.Snapshot   // that pretraining starts from; nil for the model's own initialization
	found   [sha256.Size]byte // the result.json that was there before, see sumOf
}

// Open checks the configuration, opens the backend and prepares the data, which
// takes some seconds the first time.
func Open(ctx context.Context, config Config, o Options) (*Study, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	o, err := o.withDefaults(config.Name)
	if err != nil {
		return nil, err
	}
	s := &Study{Config: config}
	if s.Pool, err = config.Pool(); err != nil {
		return nil, err
	}
	if s.rules, err = config.rules(s.Pool); err != nil {
		return nil, err
	}
	if s.session, err = openSession(ctx, config.Task, o); err != nil {
		return nil, err
	}
	err = s.checkControls()
	if err == nil && config.Pretrain.Initial != "" {
		var initial train.Snapshot
		initial, err = s.task.loadInitial(config.Pretrain.Initial, s.dataset)
		s.initial = &initial
	}
	if err == nil {
		err = s.saveConfig()
		s.found = sumOf(s.dir, result.StudyResult)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// saveConfig writes study.json.
func (s *Study) saveConfig() error {
	var before result.Study
	if result.ReadFile(s.dir, result.StudyResult, &before) == nil && before.Backend != s.backend.Kind {
		log.Warn("this study was computed with another backend; it is trained again, and its result replaced",
			"before", before.Backend, "now", s.backend.Kind, "dir", s.dir)
	}
	return claim(s.dir, result.StudyConfig, result.StudyResult, s.Config, func(c Config) Config {
		c.Name, c.CheckpointEvery = "", 0
		c.Growth.Controls = nil // which leave alone what a result says of the strategies
		return c
	})
}

// claim writes the configuration of a study or a stacking into its directory.
// Where that held one that computes something else, its result is set aside, so
// that it is not taken for this one's; its runs stay.
func claim[C any](dir, file, result string, config C, computes func(C) C) error {
	path := filepath.Join(dir, file)
	if text, err := os.ReadFile(path); err == nil {
		var before C
		if err := json.Unmarshal(text, &before); err != nil || !reflect.DeepEqual(computes(before), computes(config)) {
			old := filepath.Join(dir, result)
			aside := old + ".old"
			for i := 2; exists(aside); i++ {
				aside = fmt.Sprintf("%s.old%d", old, i)
			}
			switch err := os.Rename(old, aside); {
			case err == nil:
				log.Warn("this directory held a study of another configuration; its result is set aside, its runs are kept; give each a name of its own to keep both", "result", aside)
			case !errors.Is(err, os.ErrNotExist):
				return err
			}
		}
	}
	return atomicfile.WriteJSON(path, config)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

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

// environment is where a run was computed; no part of its address.
type environment struct {
	Backend string `json:"backend"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	CPUs    int    `json:"cpus"`    // cores that the process may use
	Version string `json:"version"` // of this module
}

func environmentOf(b *backend.Backend) environment {
	e := environment{Backend: b.Description(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: usableCores()}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Version = info.Main.Version
	}
	return e
}

// shuffledSet names, among the losses at the end of pretraining, that on shuffled context.
const shuffledSet = "shuffled context"

// pretraining returns the run of the source model.
func (s *Study) pretraining() (*train.Run, error) {
	c := s.Config
	config := s.runConfig(progress.PhasePretrain, c.Model, c.Seed, c.Pretrain.Schedule, evaluationsEvery(c.Pretrain.EvaluateEvery, c.Pretrain.Schedule.Steps))
	if s.initial != nil {
		config.InitialWeights = s.initial.Fingerprint()
	}
	run, err := s.newRun(config, train.Checkpoints{Every: c.CheckpointEvery}, s.pretrainingEvent())
	if err != nil {
		return nil, err
	}
	if shuffled := s.fixed().shuffled; len(shuffled) > 0 {
		run.AtEnd = map[string][]train.Batch{shuffledSet: shuffled}
	}
	s.begin(run, func(context.Context) (*train.State, error) {
		if s.initial != nil {
			return run.Program.Restore(*s.initial)
		}
		return run.Program.NewState(c.Seed), nil
	})
	return run, nil
}

func (s *Study) pretrainingEvent() progress.Event {
	return progress.Event{Phase: progress.PhasePretrain, Run: s.Config.Model.Layers(), Count: 1, Total: int64(s.Config.Pretrain.Schedule.Steps), Loss: math.NaN()}
}

// Pretrain trains the source model, or finds it trained, and describes it.
func (s *Study) Pretrain(ctx context.Context) (result.Source, error) {
	run, err := s.pretraining()
	if err != nil {
		return result.Source{}, err
	}
	s.observe(s.pretrainingEvent())
	outcome, err := run.Do(ctx)
	if err != nil {
		return result.Source{}, advise("pretraining failed", err)
	}
	if outcome.DivergedAt != nil {
		return result.Source{}, fmt.Errorf("pretraining diverged at step %d: its loss or gradient is not finite; lower the learning rate %g or lengthen the warm-up",
			*outcome.DivergedAt, s.Config.Pretrain.Schedule.Peak)
	}
	source := result.Source{
		Steps: outcome.Steps, UnigramEntropy: s.dataset.UnigramEntropy, Curve: points(outcome.Curve), ShuffledLoss: result.Undefined(),
		Parameters: s.Config.Model.ParameterCount(), FLOPs: float64(outcome.Steps) * s.cost(s.Config.Model).FLOPs,
	}
	source.Loss = source.Curve[len(source.Curve)-1].Loss
	if shuffled, ok := outcome.AtEnd[shuffledSet]; ok {
		source.ShuffledLoss = result.Number(shuffled.Value())
	}
	return source, nil
}

func points(curve []train.Loss) []result.Point {
	list := make([]result.Point, len(curve))
	for i, l := range curve {
		list[i] = result.Point{Step: l.Step, Loss: result.Number(l.Value())}
	}
	return list
}

// LoadStudy reads the configuration and the result of a study that is complete.
func LoadStudy(dir string) (*result.Study, Config, error) {
	var config Config
	if err := result.ReadFile(dir, result.StudyConfig, &config); err != nil {
		return nil, config, err
	}
	r, err := result.LoadStudy(dir)
	return r, config, err
}

// LoadStacking reads the configuration and the result of a stacking that is complete.
func LoadStacking(dir string) (*result.Stacking, Stacking, error) {
	var config Stacking
	if err := result.ReadFile(dir, result.StackingConfig, &config); err != nil {
		return nil, config, err
	}
	r, err := result.LoadStacking(dir)
	return r, config, err
}
