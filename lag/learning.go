package lag

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/train"
)

// learnedFile, in the directory of a run, holds the coefficients that were
// learned for it, and the losses of the steps in which they were.
const learnedFile = "learned.json"

// learn finds the coefficients of a strategy that learns them, given for each
// stack, on the first batches of the run that is to be grown: it will see these
// again. An interruption loses what was learned.
func (s *session) learn(ctx context.Context, run *train.Run, snap train.Snapshot, source, grown model.Model, perStack []growth.Strategy) ([]growth.Strategy, error) {
	learning := train.Learning{
		Backend: s.backend, Grown: grown.Config, Source: snap, Stacks: source.Stacks(), Strategies: perStack, Seed: run.Seed,
		Batch: func(step int) (train.Batch, error) {
			batches, err := run.Batch(step)
			if err == nil && len(batches) != 1 {
				err = fmt.Errorf("coefficients are learned on whole batches, and the run has %d micro-batches; give it 1", len(batches))
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
	log.Info("coefficients were learned", "steps", len(learned.Losses), "loss before", learned.Losses[0], "in the last step", learned.Losses[len(learned.Losses)-1])
	dir, err := run.Dir()
	if err != nil {
		return nil, err
	}
	file := struct {
		Losses []float64                `json:"losses"`  // of each step, before its update
		Stacks []map[string][][]float64 `json:"modules"` // of each stack: by module, a row for each grown layer
	}{Losses: learned.Losses}
	for _, strategy := range learned.Strategies {
		file.Stacks = append(file.Stacks, strategy.CombineModules)
	}
	return learned.Strategies, atomicfile.WriteJSON(filepath.Join(dir, learnedFile), file)
}

func total(steps []int) int {
	sum := 0
	for _, n := range steps {
		sum += n
	}
	return sum
}
