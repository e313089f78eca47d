package downstream

import (
	"context"
	"errors"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/train"
)

// ValidationLosses returns the loss of each candidate of a study on the batches of its
// own validation set.
func ValidationLosses(ctx context.Context, f *lag.Finished) (losses []float64, err error) {
	d, err := f.Dataset(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	c := f.Config
	sampler, err := c.Objective.NewBatches(d.Validation, d.Vocabulary(), c.BatchSize, c.Seed)
	if err != nil {
		return nil, err
	}
	batches, err := sampler.Fixed(c.ValidationBatches)
	if err != nil {
		return nil, err
	}
	b, err := backend.Open(f.Result.Backend)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	p := &programs{backend: b, compiled: make(map[string]*train.Forward)}
	defer p.close()
	for _, model := range f.Models {
		l, err := p.load(model)
		if err != nil {
			return nil, err
		}
		list, err := l.predictions(ctx, batches)
		if err = errors.Join(err, l.close()); err != nil {
			return nil, err
		}
		loss, _ := scoreTokens(list)
		losses = append(losses, loss.score)
	}
	return losses, nil
}
