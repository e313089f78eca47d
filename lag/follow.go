package lag

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

var nan = math.NaN()

// errNoRuns says that a spec is not that of a run from which others follow.
var errNoRuns = errors.New("no run follows from it")

// findRuns begins to follow the runs in a directory that belong to a configuration.
// It returns nil if there are none. Which they are depends on the backend and the
// data, which the configuration of a first run tells. Of several that fit, such as
// those of other data before, the one that was changed last counts.
func findRuns(ctx context.Context, dir string, begin beginFollowing, observe progress.Observer) (*engine.Follower, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	type found struct {
		name string
		spec engine.Spec
		time int64
	}
	var list []found
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() || !train.IsRun(path) {
			continue
		}
		spec, err := engine.ReadSpec(path)
		info, statErr := e.Info()
		if err != nil || statErr != nil || spec.Parent != "" {
			continue // damaged, which is mended when it is trained, or no first run
		}
		list = append(list, found{e.Name(), spec, info.ModTime().UnixNano()})
	}
	slices.SortFunc(list, func(a, b found) int { return int(max(-1, min(1, b.time-a.time))) })
	for _, one := range list {
		f, err := begin(ctx, one.spec, observe)
		if errors.Is(err, errNoRuns) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if f.Has(one.name) {
			return f, nil
		}
		f.Close()
	}
	return nil, nil
}

// follow begins to follow the runs of the study.
func (s *Study) follow(ctx context.Context, of engine.Spec, observe progress.Observer) (*engine.Follower, error) {
	if of.Kind != progress.PhasePretrain {
		return nil, errNoRuns
	}
	options := s.options.engine(s.Config.Name)
	options.Observe = observe
	f := &Study{Config: s.Config, Pool: s.Pool, options: s.options, rules: s.rules, initial: of.InitialWeights}
	f.Config.Keep = KeepAll // it only reads
	f.session = engine.Onlooker(s.Config.Task, options, of)
	source, err := f.source()
	if err != nil {
		return nil, err
	}
	p, err := f.probes()
	if err != nil {
		return nil, err
	}
	c, err := f.controls()
	if err != nil {
		return nil, err
	}
	planned, err := s.Config.PlannedRuns()
	if err != nil {
		return nil, err
	}
	flops := 0.0
	for _, run := range planned {
		flops += run.FLOPs
	}
	jobs := []engine.Job{func(_ context.Context, bring engine.Bring) error {
		_, err := bring([]*engine.Run{source}, source.Spec.Schedule.Steps)
		return err
	}}
	return f.session.Follow(ctx, len(planned), flops, append(append(jobs, p.jobs()...), c.jobs()...)...)
}

// follower returns a function that begins to follow the runs of the stacking.
func (c Stacking) follower(o Options) beginFollowing {
	return func(ctx context.Context, of engine.Spec, observe progress.Observer) (*engine.Follower, error) {
		if of.Kind != progress.PhaseStack {
			return nil, errNoRuns
		}
		options := o.engine(c.Name)
		options.Observe = observe
		c.Keep = KeepAll // it only reads
		s := engine.Onlooker(c.Task, options, of)
		_, jobs, budget, err := c.jobs(s)
		if err != nil {
			return nil, err
		}
		runs, err := c.CountRuns()
		if err != nil {
			return nil, err
		}
		return s.Follow(ctx, runs, budget*float64(len(jobs)), jobs...)
	}
}
