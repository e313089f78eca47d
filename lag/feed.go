package lag

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

// feed gives a model its batches: for training, prepared ahead and in parallel,
// and a fixed validation set.
type feed struct {
	training   func(step int64) (train.Batch, error)
	validation []train.Batch
	shuffled   []train.Batch // of a masked language model, the validation set with its context in random order
	stop       func()
}

// feedSettings are what determines a feed, beside data and objective.
type feedSettings struct {
	batchSize         int
	validationBatches int // 0: no validation set
	seed              int64
}

// openFeed returns the feed of an objective, in the tensors of a model. It reads
// the data set until it is closed.
func openFeed(d *data.Dataset, o objective.Objective, m model.Config, s feedSettings) (*feed, error) {
	training, err := o.NewBatches(d.Train, d.Vocabulary(), s.batchSize, s.seed)
	if err != nil {
		return nil, err
	}
	f := &feed{}
	if s.validationBatches > 0 {
		if err := f.fix(d, o, m, s); err != nil {
			return nil, err
		}
	}
	loader := objective.NewLoader(context.Background(), training.Batch, objective.LoaderOptions{}) // until it is closed
	f.stop = loader.Close
	f.training = func(step int64) (train.Batch, error) {
		batch, err := loader.Batch(context.Background(), step)
		if err != nil {
			return nil, err
		}
		return m.Inputs(batch)
	}
	return f, nil
}

// fix makes the validation set.
func (f *feed) fix(d *data.Dataset, o objective.Objective, m model.Config, s feedSettings) error {
	batches, err := o.NewBatches(d.Validation, d.Vocabulary(), s.batchSize, s.seed)
	if err != nil {
		return fmt.Errorf("validation set: %w", err)
	}
	fixed, err := batches.Fixed(s.validationBatches)
	if err != nil {
		return err
	}
	for _, b := range fixed {
		inputs, err := m.Inputs(b)
		if err != nil {
			return err
		}
		f.validation = append(f.validation, inputs)
		if mlm, ok := b.(objective.MLMBatch); ok {
			if inputs, err = m.Inputs(mlm.ShuffleContext(s.seed)); err != nil {
				return err
			}
			f.shuffled = append(f.shuffled, inputs)
		}
	}
	return nil
}

// close stops the preparation of batches and frees the validation set.
func (f *feed) close() error {
	f.stop()
	var errs []error
	for _, b := range slices.Concat(f.validation, f.shuffled) {
		errs = append(errs, b.Finalize())
	}
	return errors.Join(errs...)
}
