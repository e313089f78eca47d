package objective

import "fmt"

// Batches makes the batches of an objective of any form: each is an [MLMBatch],
// an [EncoderDecoderBatch] or a [DecoderBatch]. Its methods are those of
// [Sampler].
type Batches interface {
	Batch(step int64) (Sized, error)
	Fixed(n int) ([]Sized, error)
}

// NewBatches returns what makes an objective's batches of batchSize sequences.
func (o Objective) NewBatches(store Tokens, vocab Vocabulary, batchSize int, seed int64) (Batches, error) {
	switch o.Form {
	case EncoderDecoder:
		return anyForm(NewEncoderDecoderSampler(o, store, vocab, batchSize, seed))
	case DecoderOnly:
		return anyForm(NewDecoderSampler(o, store, vocab, batchSize, seed))
	}
	mlm, ok := o.Settings.(MLM)
	if !ok {
		return nil, o.Validate(vocab) // says which forms there are
	}
	return anyForm(NewMLMSampler(mlm, store, vocab, batchSize, seed))
}

func anyForm[B Sized](s *Sampler[B], err error) (Batches, error) { return sized[B]{s}, err }

// sized is a sampler whose batches are of the interface's type.
type sized[B Sized] struct{ *Sampler[B] }

func (s sized[B]) Batch(step int64) (Sized, error) { return s.Sampler.Batch(step) }

func (s sized[B]) Fixed(n int) ([]Sized, error) {
	fixed, err := s.Sampler.Fixed(n)
	batches := make([]Sized, len(fixed))
	for i, b := range fixed {
		batches[i] = b
	}
	return batches, err
}

// Shape is the shape of a row of an objective's batches, in tokens.
type Shape struct {
	Inputs      int // that an encoder reads, 0 for a decoder alone
	Targets     int // that a decoder reads and predicts, 0 for an encoder alone
	Predictions int // positions that an encoder predicts, 0 with a decoder
}

// Shape returns the shape of a row.
func (o Objective) Shape() (Shape, error) {
	if o.Settings == nil {
		return Shape{}, fmt.Errorf("objective: no objective is given; they are %q", Kinds())
	}
	L := o.SequenceLength()
	switch s := o.Settings.(type) {
	case MLM:
		return Shape{Inputs: L, Predictions: s.Predictions(L)}, nil
	case mixture:
		if o.Form == DecoderOnly {
			break
		}
		p, err := s.plans(o.Form)
		shape := Shape{Inputs: L}
		for _, plan := range p {
			shape.Targets = max(shape.Targets, plan.targets)
		}
		return shape, err
	}
	return Shape{Targets: L}, nil
}
