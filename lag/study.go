package lag

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// Options say where and how a study, a stacking or a training is run. They do
// not change what it computes.
type Options struct {
	Dir     string            // directory to write to; empty means runs/<name>
	DataDir string            // directory of prepared data, which may be shared; empty means ".lag-data" beside Dir
	Backend string            // engine, see [backend.Open]; empty means [backend.Auto]
	Observe progress.Observer // receives news; nil for nobody

	// Workers is how many processes share the candidates, each on its part of
	// the cores; 0 means 1, this process. The others are this program, started
	// again: each becomes a worker before its main function begins. They cannot
	// know families and rules that package main registers. Other processes that
	// are started on the same directory take part without being asked for.
	Workers int

	Words advice.Words // for what warnings advise to change; nil for the names of the configuration's fields

	PeakFLOPS float64 // what the device can do in a second, for the utilization in metrics.jsonl; 0 if unknown

	openBackend func(name string) (*backend.Backend, error) // nil but in tests
}

// dir is the directory of what has a name.
func (o Options) dir(name string) string {
	if o.Dir != "" {
		return o.Dir
	}
	return filepath.Join("runs", name)
}

func (o Options) engine(name string) engine.Options {
	return engine.Options{Dir: o.dir(name), DataDir: o.DataDir, Backend: o.Backend, Observe: o.Observe, PeakFLOPS: o.PeakFLOPS, OpenBackend: o.openBackend}
}

// Study is a study that can be run. It holds an open backend and its data set
// from the first training on until it is closed.
type Study struct {
	Config StudyConfig
	Pool   growth.Pool

	options Options
	rules   []selection.Rule
	session *engine.Session   // nil until it is needed
	initial string            // fingerprint of the weights that pretraining starts from; empty for the model's own initialization
	found   [sha256.Size]byte // the result.json that was there before, see sumOf
}

// Open checks the configuration. It writes nothing: data is prepared, and study.json
// written, when the study is run. Then, too, a result of another configuration
// that lies in the directory is set aside.
func Open(config StudyConfig, o Options) (*Study, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if o.Workers < 0 {
		return nil, fmt.Errorf("%d workers are impossible; give 1 or more", o.Workers)
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

// Dir is the directory of the study.
func (s *Study) Dir() string { return s.options.dir(s.Config.Name) }

// Seeds are those of the training after growing.
func (s *Study) Seeds() []int64 { return s.Config.seeds() }

// Dataset is what the study trains on, prepared first where it is not, which
// takes some seconds. It is closed with the study.
func (s *Study) Dataset(ctx context.Context) (*data.Dataset, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return s.session.Dataset(), nil
}

// begin opens the backend and the data, and claims the directory.
func (s *Study) begin(ctx context.Context) (err error) {
	if s.session != nil {
		return nil
	}
	if s.session, err = engine.Open(ctx, s.Config.Task, s.options.engine(s.Config.Name)); err != nil {
		return err
	}
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
	if err := s.claim(); err != nil {
		return err
	}
	s.found = sumOf(s.Dir(), result.StudyResult)
	return nil
}

// claim writes study.json.
func (s *Study) claim() error {
	var before result.Study
	if result.ReadFile(s.Dir(), result.StudyResult, &before) == nil && before.Backend != s.session.Backend() {
		log.Warn("this study was computed with another backend; it is trained again, and its result replaced",
			"before", before.Backend, "now", s.session.Backend(), "dir", s.Dir())
	}
	return claim(s.Dir(), result.StudyConfig, result.StudyResult, s.Config, func(c StudyConfig) StudyConfig {
		c.Name, c.CheckpointEvery = "", 0
		c.Growth.Controls = nil // which leave alone what a result says of the strategies
		return c
	})
}

// Run brings the study to its end: pretrains the source model, probes every
// strategy under every seed, trains the controls, writes result.json and returns
// what it says. Whatever was computed before is not computed again. Other
// processes that run the same study take part of the work. When the context is
// cancelled, the state of the run at hand is saved first.
func (s *Study) Run(ctx context.Context) (r *result.Study, err error) {
	err = s.options.scheduler(s.Dir(), order{Kind: orderStudy, Study: &s.Config}).Carry(ctx, engine.Plan{
		First: func(ctx context.Context) error {
			_, err := s.Pretrain(ctx)
			return err
		},
		Work: func(ctx context.Context) error {
			r, err = s.run(ctx)
			return err
		},
		Pause: s.Close,
	})
	return r, err
}

// run is Run in this process.
func (s *Study) run(ctx context.Context) (*result.Study, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	source, probes, controls, err := s.train(ctx)
	if err != nil {
		return nil, err
	}
	outcomes, err := probes.outcomes()
	if err != nil {
		return nil, err
	}
	r := &result.Study{
		Family: s.Config.Model.Family(), Backend: s.session.Backend(), Steps: s.Config.Growth.Schedule.Steps, Lag: s.Config.Growth.Lag,
		Source: source, Seeds: s.Seeds(), Strategies: outcomes, Controls: controls.outcomes(), Failures: s.session.Failures(s.Seeds()...),
		Words: s.options.Words,
	}
	r.SetGrown(s.Config.Model.Depths(), s.Config.Growth.To)
	if err := r.Analyze(ctx, s.rules); err != nil {
		return nil, err
	}
	return save(s.Dir(), r, s.found)
}

// train trains the source, the candidates and the controls.
func (s *Study) train(ctx context.Context) (source result.Source, p *probes, c *controls, err error) {
	s.session.ForgetFailures() // they are tried again
	if source, err = s.Pretrain(ctx); err != nil {
		return source, nil, nil, err
	}
	if p, err = s.probes(); err != nil {
		return source, nil, nil, err
	}
	if c, err = s.controls(); err != nil {
		return source, nil, nil, err
	}
	return source, p, c, s.session.Do(ctx, append(p.jobs(), c.job)...)
}

// join takes part in a study that another process runs.
func (c StudyConfig) join(ctx context.Context, o Options) (err error) {
	s, err := Open(c, o)
	if err == nil {
		err = s.begin(ctx)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, _, _, err = s.train(ctx)
	return err
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

// Pretrain trains the source model, or finds it trained, and describes it.
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
		return source, fmt.Errorf("pretraining diverged at step %d: its loss or gradient is not finite; lower the learning rate %g or lengthen the warm-up",
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
	return source, nil
}

// LoadStudy reads the configuration and the result of a study that is complete.
func LoadStudy(dir string) (*result.Study, StudyConfig, error) {
	var config StudyConfig
	if err := result.ReadFile(dir, result.StudyConfig, &config); err != nil {
		return nil, config, err
	}
	r, err := result.LoadStudy(dir)
	return r, config, err
}
