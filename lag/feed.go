package lag

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenstore"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
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

// openFeed returns the feed of an objective, in the tensors of the model family
// that the objective's form is for. It reads the data set until it is closed.
func openFeed(d *data.Dataset, o objective.Objective, s feedSettings) (*feed, error) {
	vocabulary := d.Vocabulary()
	switch o.Form {
	case objective.EncoderDecoder:
		f, _, err := newFeed(d, s, ul2.EncoderDecoderInputs, func(store *tokenstore.Store) (*objective.Sampler[objective.EncoderDecoderBatch], error) {
			return objective.NewEncoderDecoderSampler(o, store, vocabulary, s.batchSize, s.seed)
		})
		return f, err
	case objective.DecoderOnly:
		f, _, err := newFeed(d, s, ul2.DecoderInputs, func(store *tokenstore.Store) (*objective.Sampler[objective.DecoderBatch], error) {
			return objective.NewDecoderSampler(o, store, vocabulary, s.batchSize, s.seed)
		})
		return f, err
	}
	mlm, ok := o.Settings.(objective.MLM)
	if !ok {
		return nil, o.Validate(vocabulary) // says which forms there are
	}
	f, validation, err := newFeed(d, s, bert.Inputs, func(store *tokenstore.Store) (*objective.Sampler[objective.MLMBatch], error) {
		return objective.NewMLMSampler(mlm, store, vocabulary, s.batchSize, s.seed)
	})
	if err != nil {
		return nil, err
	}
	for _, b := range validation {
		f.shuffled = append(f.shuffled, bert.Inputs(b.ShuffleContext(s.seed)))
	}
	return f, nil
}

func newFeed[B objective.Sized](d *data.Dataset, s feedSettings, inputs func(B) train.Batch, sampler func(*tokenstore.Store) (*objective.Sampler[B], error)) (*feed, []B, error) {
	training, err := sampler(d.Train)
	if err != nil {
		return nil, nil, err
	}
	var validation []B
	if s.validationBatches > 0 {
		fixed, err := sampler(d.Validation)
		if err != nil {
			return nil, nil, fmt.Errorf("validation set: %w", err)
		}
		if validation, err = fixed.Fixed(s.validationBatches); err != nil {
			return nil, nil, err
		}
	}
	loader := objective.NewLoader(context.Background(), training.Batch, objective.LoaderOptions{}) // until it is closed
	f := &feed{stop: loader.Close, training: func(step int64) (train.Batch, error) {
		batch, err := loader.Batch(context.Background(), step)
		if err != nil {
			return nil, err
		}
		return inputs(batch), nil
	}}
	for _, b := range validation {
		f.validation = append(f.validation, inputs(b))
	}
	return f, validation, nil
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
