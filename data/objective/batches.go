package objective

import "fmt"

// Batches makes the batches of an objective of any form. A batch is an
// [MLMBatch], an [EncoderDecoderBatch] or a [DecoderBatch]. The methods are
// those of [Sampler].
type Batches interface {
	Batch(step int64) (Sized, error)
	Fixed(n int) ([]Sized, error)
}

// NewBatches returns a sampler of batches of batchSize sequences.
func (o Objective) NewBatches(store Tokens, vocab Vocabulary, batchSize int, seed int64) (Batches, error) {
	switch o.Form {
	case EncoderDecoder:
		return anyForm(NewEncoderDecoderSampler(o, store, vocab, batchSize, seed))
	case DecoderOnly:
		return anyForm(NewDecoderSampler(o, store, vocab, batchSize, seed))
	}
	mlm, ok := o.Settings.(MLM)
	if !ok {
		if err := o.Validate(vocab); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("objective: %q has no batches in the form %q", o.Settings.Kind(), o.Form)
	}
	return anyForm(NewMLMSampler(mlm, store, vocab, batchSize, seed))
}

func anyForm[B Sized](s *Sampler[B], err error) (Batches, error) { return sized[B]{s}, err }

// sized is a sampler that returns batches as [Sized].
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
	Inputs      int // tokens of the encoder; 0 for a decoder-only model
	Targets     int // tokens of the decoder; 0 for an encoder-only model
	Predictions int // predicted positions of an encoder-only model; otherwise 0
}

// Shape returns the shape of a row of the objective's batches.
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
