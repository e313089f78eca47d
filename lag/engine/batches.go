package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/train"
)

// batches are a model's training batches for a seed, prepared ahead and in
// parallel, and a fixed validation set.
type batches struct {
	training   func(step int64) (train.Batch, error)
	validation []train.Batch
	shuffled   []train.Batch // only for masked language models: the validation set with its context in random order
	stop       func()
}

// batchSettings, the data and the objective determine batches.
type batchSettings struct {
	batchSize         int
	validationBatches int // 0 means no validation set
	seed              int64
}

// openBatches returns the batches of an objective as the model's input tensors.
// They read the data set until they are closed.
func openBatches(d *data.Dataset, o objective.Objective, m model.Config, s batchSettings) (*batches, error) {
	training, err := o.NewBatches(d.Train, d.Vocabulary(), s.batchSize, s.seed)
	if err != nil {
		return nil, err
	}
	b := &batches{}
	if s.validationBatches > 0 {
		if err := b.makeValidation(d, o, m, s); err != nil {
			return nil, err
		}
	}
	loader := objective.NewLoader(context.Background(), training.Batch, objective.LoaderOptions{}) // runs until Close
	b.stop = loader.Close
	b.training = func(step int64) (train.Batch, error) {
		batch, err := loader.Batch(context.Background(), step)
		if err != nil {
			return nil, err
		}
		return m.Inputs(batch)
	}
	return b, nil
}

// makeValidation makes the validation set.
func (b *batches) makeValidation(d *data.Dataset, o objective.Objective, m model.Config, s batchSettings) error {
	validation, err := o.NewBatches(d.Validation, d.Vocabulary(), s.batchSize, s.seed)
	if err != nil {
		return fmt.Errorf("validation set: %w", err)
	}
	fixed, err := validation.Fixed(s.validationBatches)
	if err != nil {
		return err
	}
	for _, batch := range fixed {
		inputs, err := m.Inputs(batch)
		if err != nil {
			return err
		}
		b.validation = append(b.validation, inputs)
		if mlm, ok := batch.(objective.MLMBatch); ok {
			if inputs, err = m.Inputs(mlm.ShuffleContext(s.seed)); err != nil {
				return err
			}
			b.shuffled = append(b.shuffled, inputs)
		}
	}
	return nil
}

// close stops the preparation of batches and frees the validation set.
func (b *batches) close() error {
	b.stop()
	var errs []error
	for _, batch := range slices.Concat(b.validation, b.shuffled) {
		errs = append(errs, batch.Finalize())
	}
	return errors.Join(errs...)
}
