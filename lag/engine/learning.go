package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// learnedFile is a file in the directory of a run. It contains the run's
// learned coefficients and the losses of the learning steps.
const learnedFile = "learned.json"

// learn learns the coefficients of a strategy, given for each stack. It uses
// the first batches of the run to be grown, which will train on them again. If
// learning is interrupted, it starts again.
func (s *Session) learn(ctx context.Context, run *Run, snap train.Snapshot, perStack []growth.Strategy) ([]growth.Strategy, error) {
	learning := train.Learning{
		Backend: s.backend, Grown: run.Model.Config, Source: snap, Stacks: run.parent.Model.Stacks(), Strategies: perStack, Seed: run.Spec.Seed,
		Batch: func(step int) (train.Batch, error) {
			batches, err := run.Batch(step)
			if err == nil && len(batches) != 1 {
				err = fmt.Errorf("coefficients are learned on whole batches, but the run has %d micro-batches; use 1", len(batches))
			}
			if err != nil {
				return nil, err
			}
			return batches[0], nil
		},
	}
	learned, err := learning.Do(ctx)
	if err != nil {
		return nil, err
	}
	log.Info("learned coefficients", "steps", len(learned.Losses), "first loss", learned.Losses[0], "last loss", learned.Losses[len(learned.Losses)-1])
	dir, err := run.Dir()
	if err != nil {
		return nil, err
	}
	file := struct {
		Losses []float64                `json:"losses"`  // of each step, before its update
		Stacks []map[string][][]float64 `json:"modules"` // of each stack: for each module, one row per grown layer
	}{Losses: learned.Losses}
	for _, strategy := range learned.Strategies {
		file.Stacks = append(file.Stacks, strategy.CombineModules)
	}
	return learned.Strategies, atomicfile.WriteJSON(filepath.Join(dir, learnedFile), file)
}
