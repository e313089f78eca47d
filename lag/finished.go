package lag

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// Finished is a study that has its result, with the runs of its models, for what is
// done with them afterwards.
type Finished struct {
	Dir    string
	Config StudyConfig
	Result *result.Study
	Source FinalModel
	Models []FinalModel // the candidates in the order of Result.Strategies

	fingerprint string // of the data
}

// FinalModel is the model at the end of a run of a study.
type FinalModel struct {
	Strategy string // empty for the source
	Seed     int64  // with which it was trained
	Steps    int    // of the run
	Ended    bool   // it was trained to the end; false if it diverged or the device failed
	Dir      string // directory of the run, for [trained.Load]; the study need not have kept its state
	Address  string // name of that directory, the hash of everything that determines the model
	Faded    bool   // all of its layers have their full weight at the end, see [growth.Gated]
}

// Name describes the model in messages: "strategy stack with seed 1" or "the source".
func (m FinalModel) Name() string {
	if m.Strategy == "" {
		return "the source"
	}
	return fmt.Sprintf("strategy %s with seed %d", m.Strategy, m.Seed)
}

// OpenFinished returns the finished study in a directory. It needs neither backend
// nor data. It is an error if the study has no result, or its source's run is not
// there, as in results that were shipped without runs.
func OpenFinished(dir string) (*Finished, error) {
	r, config, err := LoadStudy(dir)
	if err != nil {
		return nil, err
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("the study in %s: %w", dir, err)
	}
	s, err := Open(config, Options{Dir: dir})
	if err != nil {
		return nil, fmt.Errorf("the study in %s: %w", dir, err)
	}
	sources, err := sourceSpecs(dir, r)
	if err != nil {
		return nil, err
	}
	var first error // of a run that may be of another study
	for _, of := range sources {
		f, err := s.finished(r, of)
		if err == nil && f != nil {
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return nil, fmt.Errorf("%s has no run of the study's source, or one of another version of this program, so its models cannot be found; run the study again", dir)
}

// source is a run in a study's directory that may be that of its source.
type source struct {
	address string
	spec    engine.Spec
	ended   bool // with the loss of the result's source
	changed int64
}

// sourceSpecs returns the runs in a directory that may be that of a result's source: those
// that end with its loss first, then those of which no end is known, and of equal ones the
// one that was changed last. The directory may have those of other data too, which end
// with another loss, or do not end.
func sourceSpecs(dir string, r *result.Study) ([]source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []source
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() || !train.IsRun(path) {
			continue
		}
		spec, err := engine.ReadSpec(path)
		info, statErr := e.Info()
		if err != nil || statErr != nil || spec.Kind != progress.PhasePretrain || spec.Backend != r.Backend {
			continue
		}
		o, err := train.ReadOutcome(path)
		ended := err == nil && len(o.Curve) > 0
		if ended && result.Number(o.Curve[len(o.Curve)-1].Value()) != r.Source.Loss {
			continue
		}
		list = append(list, source{e.Name(), spec, ended, info.ModTime().UnixNano()})
	}
	slices.SortFunc(list, func(a, b source) int {
		if a.ended != b.ended {
			if a.ended {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.changed, a.changed)
	})
	return list, nil
}

// finished returns the models of the study with a source, or nil if that is the
// source of another configuration.
func (s *Study) finished(r *result.Study, of source) (*Finished, error) {
	one := &Study{Config: s.Config, Pool: s.Pool, options: s.options, rules: s.rules, initial: of.spec.InitialWeights}
	one.session = engine.Onlooker(s.Config.Task, s.options.engine(s.Config.Name), of.spec)
	run, err := one.source()
	if err != nil || run.Address() != of.address {
		return nil, err
	}
	f := &Finished{Dir: s.Dir(), Config: s.Config, Result: r, fingerprint: of.spec.Data}
	f.Source = FinalModel{Seed: run.Spec.Seed, Steps: run.Spec.Schedule.Steps, Ended: true, Address: run.Address(), Dir: filepath.Join(s.Dir(), run.Address()), Faded: true}
	for i, seed := range s.Seeds() {
		c, err := one.candidates(seed, i)
		if err != nil {
			return nil, err
		}
		for j, run := range c.Runs {
			k := i*len(c.Runs) + j
			if k >= len(r.Strategies) || r.Strategies[k].Name != s.Pool[j].Name || r.Strategies[k].Seed != seed {
				return nil, fmt.Errorf("the result in %s has other strategies than the configuration beside it; run the study again", s.Dir())
			}
			steps := run.Spec.Schedule.Steps
			f.Models = append(f.Models, FinalModel{
				Strategy: s.Pool[j].Name, Seed: seed, Steps: steps, Ended: r.Strategies[k].Status == result.StatusComplete,
				Address: run.Address(), Dir: filepath.Join(s.Dir(), run.Address()), Faded: !slices.ContainsFunc(s.Pool[j].Gates(steps), func(g float32) bool { return g < 1 }),
			})
		}
	}
	return f, nil
}

// Dataset opens the prepared data on which the study was trained. dir is the directory
// of prepared data; empty means ".lag-data" beside the study's. observe may be nil.
func (f *Finished) Dataset(ctx context.Context, dir string, observe data.Progress) (*data.Dataset, error) {
	if dir == "" {
		dir = filepath.Join(filepath.Dir(filepath.Clean(f.Dir)), ".lag-data")
	}
	d, err := engine.OpenDataset(ctx, f.fingerprint, dir, observe)
	if err != nil {
		return nil, fmt.Errorf("the data of the study in %s: %w", f.Dir, err)
	}
	return d, nil
}
