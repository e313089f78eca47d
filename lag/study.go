package lag

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Options determine where and how a study, a stacking or a training runs. They
// do not affect the results.
type Options struct {
	Dir     string            // directory to write to; empty means runs/<name>
	DataDir string            // directory of prepared data, which several studies can share; empty means ".lag-data" beside Dir
	Backend string            // engine, see [backend.Open]; empty means [backend.Auto]
	Observe progress.Observer // receives progress events; may be nil

	// Workers is the number of processes that share the candidates, each with a
	// share of the cores, and of the NVIDIA GPUs if there are several; 0 means 1, this
	// process. The others run this program
	// again: each becomes a worker before main begins. Families and rules of
	// yours must be registered before main begins, too. Other processes that are
	// started on the same directory share the work without being asked for.
	// [AutoWorkers] lets a measurement choose.
	Workers int

	// On is an engine that runs the workers of [Study.Run] and [Stack], such as
	// [cluster.NewSlurm]; nil means this machine. They submit what is missing of the
	// workers and follow the directory until the result is there. When their context
	// is canceled they return, and the workers go on; the same call then follows them
	// again.
	On cluster.Engine

	// Again is what people type to do the same once more, such as a command line. It
	// is kept with what is submitted to On, for those who look after it; may be empty.
	Again string

	Words advice.Words // names of settings in warnings; nil means the names of the configuration's fields

	// Devices is the number of devices that train each model together, each on its
	// part of every batch; 0 means 1. The batch size, or that of micro-batches, must be
	// a multiple. Up to rounding, results do not depend on it.
	Devices int

	PeakFLOPS float64 // peak speed of a device in FLOP/s, for the utilization in metrics.jsonl; 0 if unknown

	openBackend func(name string) (*backend.Backend, error) // nil except in tests
	freeSpace   func(dir string) (bytes int64, err error)   // nil except in tests
}

// dir returns the directory of the study, stacking or training with that name.
func (o Options) dir(name string) string {
	if o.Dir != "" {
		return o.Dir
	}
	return filepath.Join("runs", name)
}

// validate checks the options. In a worker, it does not return.
func (o Options) validate() error {
	exitWorker()
	if o.Workers < 0 && o.Workers != AutoWorkers {
		return fmt.Errorf("%d workers are not possible; use 1 or more", o.Workers)
	}
	if o.Workers == AutoWorkers && o.On != nil {
		return errors.New("a measurement on this machine cannot choose the number of workers of another engine; give the number")
	}
	if o.Workers == AutoWorkers && o.Devices > 1 {
		return fmt.Errorf("a measurement chooses among workers of one device each, not of %d; give the number of workers", o.Devices)
	}
	if o.Devices < 0 {
		return fmt.Errorf("%d devices are not possible; use 1 or more", o.Devices)
	}
	if !(o.PeakFLOPS >= 0) || math.IsInf(o.PeakFLOPS, 1) {
		return fmt.Errorf("a peak speed of %g FLOP/s is not possible; give a positive number, or 0 if it is unknown", o.PeakFLOPS)
	}
	if o.On != nil {
		return o.On.Check()
	}
	return nil
}

func (o Options) engine(name string) engine.Options {
	return engine.Options{Dir: o.dir(name), DataDir: o.DataDir, Backend: o.Backend, Observe: o.Observe, PeakFLOPS: o.PeakFLOPS, Devices: o.Devices, OpenBackend: o.openBackend}
}

// Study is a study that can be run. From the first training until Close it
// holds an open backend and the data set.
type Study struct {
	Config StudyConfig
	Pool   growth.Pool

	options Options
	rules   []selection.Rule
	session *engine.Session   // nil until it is needed
	warned  bool              // that the given model has not left the plateau
	initial string            // fingerprint of the initial weights of pretraining; empty for the model's own initialization
	hash    string            // of the configuration, for its result
	found   [sha256.Size]byte // hash of result.json when the study began
	joins   bool              // it is a worker that joins others, see [Study.Join]
	fits    bool              // there is enough space on the disk, see checkDisk
}

// Open checks the configuration. It writes nothing. When the study runs, it
// prepares the data and writes study.json; if the directory then holds the
// result of another configuration, that result is renamed.
func Open(config StudyConfig, o Options) (*Study, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Study{Config: config, options: o}
	var err error
	if s.Pool, err = config.Pool(); err != nil {
		return nil, err
	}
	s.rules, err = config.rules(s.Pool)
	return s, err
}

// Close releases the data and the backend. The study can be run again.
func (s *Study) Close() error {
	if s.session == nil {
		return nil
	}
	err := s.session.Close()
	s.session = nil
	return err
}

// Dir returns the directory of the study.
func (s *Study) Dir() string { return s.options.dir(s.Config.Name) }

// Seeds returns the seeds for training after growing.
func (s *Study) Seeds() []int64 { return s.Config.seeds() }

// Dataset returns the data that the study trains on. It prepares the data if
// necessary, which takes some seconds. Close closes it.
func (s *Study) Dataset(ctx context.Context) (*data.Dataset, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return s.session.Dataset(), nil
}

// begin opens the backend and the data, and writes study.json.
func (s *Study) begin(ctx context.Context) (err error) {
	if s.session != nil {
		return nil
	}
	if err := s.Config.initial().check(s.Config.Task); err != nil {
		return err
	}
	options := s.options.engine(s.Config.Name)
	options.Padded = s.Config.Pretrain.Initial != ""
	session, err := engine.Open(ctx, s.Config.Task, options)
	if err != nil {
		return err
	}
	s.session = session
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.checkControls(); err != nil {
		return err
	}
	if dir := s.Config.Pretrain.Initial; dir != "" {
		if s.initial, err = s.session.SetInitial(dir); err != nil {
			return err
		}
	}
	if s.joins {
		s.hash, err = joined(ctx, s.session, s.Config)
		return err
	}
	if s.hash, err = claim(ctx, s.Dir(), s.Config, s.session.Backend()); err != nil {
		return err
	}
	s.session.WarnOfTeam()
	s.found = fileHash(s.Dir(), result.StudyResult)
	if names, why := s.Config.LeftOut(); len(names) > 0 {
		text := why.Error()
		if advised, ok := errors.AsType[*advice.Error](why); ok {
			text = advised.With(s.options.Words)
		}
		log.Warn("strategies that do not fit the training or the model are left out", "strategies", strings.Join(names, ", "), "why", text)
	}
	return nil
}

// Run runs the study. It pretrains the source model, probes every strategy with
// every seed, trains the controls, writes result.json and returns the result.
// It does not repeat completed work. Other processes that run the same study
// share the work. If the context is canceled, Run saves the state of the
// current run before it returns. It is an error if the study does not fit on the
// disk, before anything is trained. With an engine in [Options], that does all of
// this, and Run follows it.
func (s *Study) Run(ctx context.Context) (*result.Study, error) {
	if s.options.On != nil {
		return carryOn(ctx, s.Config, s.options, result.LoadStudy, s.follow)
	}
	var r *result.Study
	err := s.options.scheduler(s.Config.Name, order{Kind: orderStudy, Study: &s.Config}, s.Config.measured).Carry(ctx, engine.Plan{
		Open: func(ctx context.Context) error {
			if err := s.begin(ctx); err != nil {
				return err
			}
			return s.checkDisk(s.processes())
		},
		First: func(ctx context.Context) error {
			_, err := s.Pretrain(ctx)
			return err
		},
		Work: func(ctx context.Context) error {
			study, err := s.run(ctx)
			r = study
			return err
		},
		Pause: s.Close,
	})
	return r, err
}

// processes returns the greatest number of processes that share the study.
func (s *Study) processes() int {
	planned, err := s.Config.PlannedRuns()
	if err != nil {
		return s.options.atMost(1) // the configuration is refused elsewhere
	}
	return s.options.atMost(len(planned))
}

// run trains in this process; see [Study.Run].
func (s *Study) run(ctx context.Context) (*result.Study, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.checkDisk(s.processes()); err != nil {
		return nil, err
	}
	t, err := s.train(ctx)
	if err != nil {
		return nil, err
	}
	r := &result.Study{
		Family: s.Config.Model.Family(), Backend: s.session.Backend(), Steps: s.Config.Growth.Schedule.Steps, Lag: s.Config.Growth.Lag,
		Source: t.source, Seeds: s.Seeds(), Strategies: t.outcomes, Controls: t.controls, Failures: s.session.Failures(s.Seeds()...),
		EarlyBatches: s.Config.earlyBatches(), FinalEvaluations: s.Config.Growth.FinalEvaluations, ConfigHash: s.hash, Words: s.options.Words,
	}
	r.SetGrown(s.Config.Model.Depths(), s.Config.Growth.To)
	if err := r.Analyze(ctx, s.rules); err != nil {
		return nil, err
	}
	// Another process may have claimed the directory for another configuration.
	if _, err := claim(ctx, s.Dir(), s.Config, s.session.Backend()); err != nil {
		return nil, err
	}
	return save(ctx, s.Dir(), result.StudyResult, r, result.LoadStudy, s.found)
}

// trainings is what a study has trained.
type trainings struct {
	source   result.Source
	outcomes []result.Outcome
	controls []result.ControlOutcome
}

// train trains the source, the candidates and the controls.
func (s *Study) train(ctx context.Context) (t trainings, err error) {
	s.session.ForgetFailures() // try them again
	if t.source, err = s.Pretrain(ctx); err != nil {
		return t, err
	}
	if t.outcomes, err = s.Probe(ctx); err != nil {
		return t, err
	}
	t.controls, err = s.TrainControls(ctx)
	return t, err
}

// join helps another process with the training of a study. While that trains the
// source, this process compiles what the candidates need.
func (c StudyConfig) join(ctx context.Context, o Options, shared <-chan struct{}) (err error) {
	s, err := Open(c, o)
	if err == nil {
		err = s.begin(ctx)
	}
	if err != nil {
		return err
	}
	rehearsed := make(chan struct{})
	go func() {
		defer close(rehearsed)
		s.rehearse(ctx)
	}()
	// XLA does not stop compiling. After a cancellation the process ends all the
	// same, and the session stays open till then.
	for _, done := range []<-chan struct{}{rehearsed, shared} {
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, err = s.train(ctx)
	return err
}

// rehearse compiles the programs of the first candidate, which are those of
// most. If that fails, it does so again when the candidate is trained.
func (s *Study) rehearse(ctx context.Context) {
	c, err := s.candidates(s.Seeds()[0], 0)
	if err == nil {
		err = s.session.Rehearse(ctx, c.Runs[0])
	}
	if err != nil {
		log.Debug("the candidates' programs were not compiled ahead", "why", err)
	}
}

// source returns the run of the source model.
func (s *Study) source() (*engine.Run, error) {
	c := s.Config
	spec := s.session.Spec(progress.PhasePretrain, c.Model, c.Seed, c.Pretrain.Schedule, engine.EvaluationsEvery(c.Pretrain.EvaluateEvery, c.Pretrain.Schedule.Steps))
	spec.InitialWeights = s.initial
	return s.session.NewRun(spec, nil, train.Checkpoints{Every: c.CheckpointEvery}, s.sourceLabel())
}

func (s *Study) sourceLabel() progress.Event {
	return progress.Event{Phase: progress.PhasePretrain, Run: s.Config.Model.Layers(), Count: 1, Total: int64(s.Config.Pretrain.Schedule.Steps), Loss: math.NaN()}
}

// Pretrain trains the source model, if necessary, and describes it.
func (s *Study) Pretrain(ctx context.Context) (source result.Source, err error) {
	if err := s.begin(ctx); err != nil {
		return source, err
	}
	run, err := s.source()
	if err != nil {
		return source, err
	}
	s.session.Observe(s.sourceLabel())
	outcomes, err := s.session.Bring(ctx, []*engine.Run{run}, run.Spec.Schedule.Steps)
	if err != nil {
		return source, engine.Advise("pretraining failed", err)
	}
	outcome := outcomes[0]
	switch {
	case outcome.Failed != nil:
		return source, engine.Advise("pretraining failed", s.session.Cause(run))
	case outcome.DivergedAt != nil:
		return source, fmt.Errorf("pretraining diverged at step %d: its loss or gradient is not finite; lower the learning rate %g or use a longer warm-up",
			*outcome.DivergedAt, s.Config.Pretrain.Schedule.Peak)
	}
	source = result.Source{
		Steps: outcome.Steps, UnigramEntropy: s.session.Dataset().UnigramEntropy, Curve: points(outcome.Curve), ShuffledLoss: result.Undefined(),
		Parameters: s.Config.Model.ParameterCount(), FLOPs: float64(outcome.Steps) * s.Config.stepFLOPs(s.Config.Model),
	}
	source.Loss = source.Curve[len(source.Curve)-1].Loss
	if shuffled, ok := engine.ShuffledLoss(outcome); ok {
		source.ShuffledLoss = shuffled
	}
	if s.Config.Pretrain.Initial != "" && !source.LeftPlateau() && !s.warned { // another one is pretrained first, and its result says so
		s.warned = true
		log.Warn("the given model has not learned more than how frequent tokens are, so a probe of it measures nothing; train it first",
			"loss", fmt.Sprintf("%.3f", float64(source.Loss)), "unigram entropy", fmt.Sprintf("%.3f", source.UnigramEntropy))
	}
	return source, nil
}

// LoadStudy reads the configuration and the result of a complete study.
func LoadStudy(dir string) (*result.Study, StudyConfig, error) {
	return loadBoth[StudyConfig](dir, result.LoadStudy)
}
