package lag

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// Run brings the study to its end: pretrains the source model, probes every
// strategy, writes result.json and returns what it says. Whatever was computed
// before is not computed again. When the context is cancelled, the state of the
// run at hand is saved first.
func (s *Study) Run(ctx context.Context) (*Result, error) {
	source, err := s.Pretrain(ctx)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.Probe(ctx)
	if err != nil {
		return nil, err
	}
	result := s.Config.analyze(source, outcomes)
	result.Backend = s.backend.Kind
	return result, atomicfile.WriteJSON(filepath.Join(s.dir, resultFile), result)
}

// Probe grows the source model, which must be trained, in every way of the pool
// and trains each candidate to the end, on the same batches in the same order.
// A candidate that diverges is an outcome, not an error.
func (s *Study) Probe(ctx context.Context) ([]Outcome, error) {
	var outcomes []Outcome
	for i, strategy := range s.Pool {
		outcome, err := s.probe(ctx, i, strategy)
		if err != nil {
			return nil, fmt.Errorf("strategy %s: %w", strategy.Name, err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

func (s *Study) probe(ctx context.Context, index int, strategy growth.Strategy) (Outcome, error) {
	parent, err := s.pretraining()
	if err != nil {
		return Outcome{}, err
	}
	parentDir, err := parent.Dir()
	if err != nil {
		return Outcome{}, err
	}
	c := s.Config
	config := s.runConfig(PhaseProbe, c.Growth.To, c.Growth.Schedule, c.Growth.evaluationSteps())
	config.Parent = filepath.Base(parentDir)
	config.FirstBatch = c.Pretrain.Schedule.Steps
	config.Strategy = &growth.Strategy{Map: strategy.Map, Init: strategy.Init, Moments: strategy.Moments}
	run, err := s.newRun(config, Event{Phase: PhaseProbe, Run: strategy.Name, Index: index, Count: len(s.Pool)})
	if err != nil {
		return Outcome{}, err
	}
	run.Initial = func() (*train.State, error) {
		snap, err := parent.Final(ctx)
		if err != nil {
			return nil, fmt.Errorf("the source model: %w", err)
		}
		if snap, err = s.grow(snap, strategy); err != nil {
			return nil, err
		}
		return run.Program.Restore(snap)
	}
	s.observe(Event{Phase: PhaseProbe, Run: strategy.Name, Index: index, Count: len(s.Pool), Total: int64(c.Growth.Schedule.Steps), Loss: math.NaN()})
	trained, err := run.Do(ctx)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{
		Name: strategy.Name, Map: strategy.Map, Init: strategy.Init.String(), Moments: string(strategy.Moments), Seed: c.Seed,
		Curve: points(trained.Curve), Status: StatusComplete, Final: undefined(),
		FLOPs: float64(trained.Steps) * c.Model.WithLayers(c.Growth.To).FLOPsPerStep(c.BatchSize, c.Objective.SequenceLength, c.Objective.Predictions(c.Objective.SequenceLength)),
	}
	if trained.DivergedAt != nil {
		outcome.Status = StatusDiverged
		// Nothing more will be heard of this candidate: it counts as done.
		s.observe(Event{Phase: PhaseProbe, Run: strategy.Name, Index: index, Count: len(s.Pool),
			Done: int64(c.Growth.Schedule.Steps), Total: int64(c.Growth.Schedule.Steps), Loss: math.NaN()})
	} else {
		outcome.Final = outcome.Curve[len(outcome.Curve)-1].Loss
	}
	return outcome, nil
}

// grow applies a strategy to the state of the source model. New layers are
// drawn with a seed of their own: with the study's, a new layer would start
// where the source's layer of that index once started.
func (s *Study) grow(source train.Snapshot, strategy growth.Strategy) (train.Snapshot, error) {
	grown, err := source.Grow(s.Config.Model.Stacks(), []growth.Strategy{strategy},
		initializer(s.Config.Model.WithLayers(s.Config.Growth.To), ^s.Config.Seed))
	grown.Step = 0 // of a new run
	return grown, err
}
