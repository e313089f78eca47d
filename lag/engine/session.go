package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// Options determine where and how runs are trained. They do not affect the
// results.
type Options struct {
	Dir       string            // directory of the runs' directories; required
	DataDir   string            // directory of prepared data, which several studies can share; empty means ".lag-data" beside Dir
	Backend   string            // engine, see [backend.Open]; empty means [backend.Auto]
	Observe   progress.Observer // receives progress events; may be nil
	Padded    bool              // the model exists already; a vocabulary that is trained for it may be smaller than its table of embeddings
	PeakFLOPS float64           // peak speed of a device in FLOP/s, for the utilization in metrics.jsonl; 0 if unknown
	Devices   int               // devices that train each model together, see [backend.OpenDevices]; 0 means 1

	OpenBackend func(name string) (*backend.Backend, error) // nil means [backend.OpenDevices]
}

// withDefaults sets empty options to their defaults.
func (o Options) withDefaults() Options {
	if o.DataDir == "" {
		o.DataDir = filepath.Join(filepath.Dir(filepath.Clean(o.Dir)), ".lag-data")
	}
	if o.Observe == nil {
		o.Observe = func(progress.Event) {}
	}
	if o.OpenBackend == nil {
		o.OpenBackend = func(name string) (*backend.Backend, error) { return backend.OpenDevices(name, max(1, o.Devices)) }
	}
	return o
}

// Session contains what the runs of one task in one directory share: an open
// backend, the data set, batches and compiled programs.
type Session struct {
	task        Task
	options     Options
	backend     *backend.Backend
	environment environment
	dataset     *data.Dataset
	initial     *initial
	batches     map[int64]*batches        // by seed; those of the task's seed include the validation set
	programs    map[string]*train.Program // by the JSON of the model
	failed      []*failedRun
	reached     map[string]int    // by address, the step that a run is known to have reached, math.MaxInt at its end
	sketch      bool              // cannot train, see Sketch
	tokenizer   map[string][]byte // the tokenizer's files, see [Session.files]
	created     []string          // directories that it made, the innermost first
	whenWaiting func(ctx context.Context)
	world       World
	crowd       *crowd // nil unless many processes share the work
	taken       int    // runs that it has locked so far
}

// Sketch returns a session without data; only the data's fingerprint is known.
// Its runs have addresses but cannot be trained.
func Sketch(task Task, b *backend.Backend, fingerprint string) *Session {
	return &Session{
		task: task, options: Options{}.withDefaults(), backend: b, dataset: &data.Dataset{Fingerprint: fingerprint}, sketch: true,
		batches: map[int64]*batches{task.Seed: {}}, programs: make(map[string]*train.Program), reached: make(map[string]int), world: realWorld,
	}
}

// Open opens the backend and prepares the data, which takes some seconds the
// first time.
func Open(ctx context.Context, task Task, o Options) (*Session, error) {
	// Said before anything is trained, not when it is too late.
	if _, err := task.Exports(); err != nil {
		log.Warn("transformers cannot load what is trained", "because", err)
	}
	return open(task, o, func(s *Session) (*data.Dataset, error) {
		return data.Prepare(ctx, task.Data, s.options.DataDir, s.observePreparation)
	})
}

// observePreparation is a [data.Progress].
func (s *Session) observePreparation(stage string, done, total int64) {
	s.options.Observe(progress.Event{Phase: progress.PhasePrepare, Run: stage, Done: done, Total: total, Loss: math.NaN()})
}

// open opens a session with the data set that the function returns.
func open(task Task, o Options, dataset func(*Session) (*data.Dataset, error)) (_ *Session, err error) {
	s := &Session{task: task, options: o.withDefaults(), batches: make(map[int64]*batches), programs: make(map[string]*train.Program), reached: make(map[string]int), world: realWorld}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.created = missing(o.Dir)
	if err := writable(o.Dir); err != nil {
		return nil, err
	}
	if err := takeAllotment(); err != nil {
		return nil, err
	}
	if s.backend, err = s.options.OpenBackend(s.options.Backend); err != nil {
		return nil, err
	}
	if err := s.checkDevices(task.BatchSize, 1); err != nil {
		return nil, err
	}
	if s.environment, err = environmentOf(s.backend); err != nil {
		return nil, err
	}
	if s.dataset, err = dataset(s); err != nil {
		return nil, err
	}
	if err := s.checkVocabulary(); err != nil {
		return nil, err
	}
	if err := task.Objective.Validate(s.dataset.Vocabulary()); err != nil {
		return nil, err
	}
	settings := batchSettings{task.BatchSize, task.ValidationBatches, task.Seed}
	if s.batches[task.Seed], err = openBatches(s.dataset, task.Objective, task.Model.Config, settings); err != nil {
		return nil, err
	}
	return s, nil
}

// checkVocabulary checks that the data and the model have the same vocabulary
// size. A model's vocabulary may be padded beyond the tokenizer's, as T5's is.
func (s *Session) checkVocabulary() error {
	size, want := s.dataset.Tokenizer.VocabSize(), s.task.Model.Vocabulary()
	if size > want && s.task.Data.TokenizerFile != "" {
		return advice.Errorf(advice.VocabSize, "the vocabulary of %s has %d tokens%s, but the model has %d; set the model's vocabulary size to %d",
			s.task.Data.TokenizerFile, size, AddedTokens(s.task.Data), want, size)
	}
	if size > want || size < want && !s.options.Padded && s.task.Data.TokenizerFile == "" && s.task.Data.Corpus.Source != "" {
		return &advice.Error{Fields: []string{advice.VocabSize, advice.Corpus}, Err: fmt.Errorf(
			"the data has a vocabulary of %d tokens, but the model has %d; set both vocabulary sizes to %d, or use a larger corpus", size, want, size)}
	}
	return nil
}

// AddedTokens says in an error about the size of a vocabulary that tokens were
// added to those of its file. It returns "" if none were.
func AddedTokens(c data.Config) string {
	if c.Sentinels > 0 || c.Modes {
		return ", with the sentinels and mode tokens that the data needs"
	}
	return ""
}

// missing returns a directory and those above it that do not exist, the
// innermost first.
func missing(dir string) (list []string) {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			return list
		}
		list = append(list, dir)
	}
}

// writable creates a directory and checks that files can be created in it, so
// that a failure comes before any computation.
func writable(dir string) error {
	f, err := tempIn(dir)
	// Another process that began the same may have failed, and removed the directory
	// while it was empty.
	for tries := 0; tries < 100 && errors.Is(err, os.ErrNotExist); tries++ {
		f, err = tempIn(dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// tempIn creates a temporary file in a directory, which it makes.
func tempIn(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create the directory %s: %w; choose another", dir, err)
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return nil, fmt.Errorf("cannot write to the directory %s: %w; choose another", dir, err)
	}
	return f, nil
}

// Close releases the data and the backend. If nothing was written to a new
// directory, as after an error, Close removes it.
func (s *Session) Close() error {
	if s.sketch {
		return nil // it has opened nothing
	}
	var err error
	for _, b := range s.batches {
		if b != nil {
			err = errors.Join(err, b.close()) // first, because it reads the data set
		}
	}
	if s.dataset != nil {
		err = errors.Join(err, s.dataset.Close())
	}
	if s.backend != nil {
		s.backend.Finalize()
	}
	for _, dir := range s.created {
		if os.Remove(dir) != nil { // it is not empty: the work has begun
			break
		}
	}
	return err
}

// Dir returns the directory of the runs' directories.
func (s *Session) Dir() string { return s.options.Dir }

// Dataset returns the data set on which the runs train.
func (s *Session) Dataset() *data.Dataset { return s.dataset }

// Backend returns the kind of the backend: "go", "xla:cpu" and so on.
func (s *Session) Backend() string { return s.backend.Kind }

// Observe passes an event to the observer of the options.
func (s *Session) Observe(e progress.Event) {
	e.Unigram = s.dataset.UnigramEntropy
	s.options.Observe(e)
}

// fixed returns the batches with the validation set, which is the same for all
// seeds.
func (s *Session) fixed() *batches { return s.batches[s.task.Seed] }

// batchesOf returns the training batches for a seed.
func (s *Session) batchesOf(seed int64) (b *batches, err error) {
	if b, ok := s.batches[seed]; ok {
		return b, nil
	}
	if s.sketch {
		return &batches{}, nil
	}
	b, err = openBatches(s.dataset, s.task.Objective, s.task.Model.Config, batchSettings{s.task.BatchSize, 0, seed})
	if err == nil {
		s.batches[seed] = b
	}
	return b, err
}

// program returns the training program of a model. There is one for each
// configuration, and all its candidates share it.
func (s *Session) program(m model.Model) (*train.Program, error) {
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

// Spec returns a spec with the given fields and those that all runs of the
// session have in common.
func (s *Session) Spec(kind progress.Phase, m model.Model, seed int64, schedule train.Schedule, evaluate []int) Spec {
	t := s.task
	return Spec{
		Kind: kind, Backend: s.backend.Kind, Data: s.dataset.Fingerprint, Objective: t.Objective, Model: m,
		BatchSize: t.BatchSize, ValidationBatches: t.ValidationBatches, ValidationSeed: t.Seed, Seed: seed, Optimizer: t.Optimizer,
		Schedule: schedule, Evaluate: evaluate,
	}
}
