package model

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Config is the configuration of a model. It determines everything about the
// model except its weights. It is a value: methods that change it return a new
// one.
type Config interface {
	Family() string   // name of the family in results and JSON
	Validate() error  // reports the first invalid setting and how to fix it
	Describe() string // the shape in one line: "bert of 3 layers, hidden size 48, ..."

	// Parameters returns the model's parameters in a fixed order.
	Parameters() []transformer.Param
	// Stacks describes which parameters are layers: those of the encoder, the
	// decoder, or both in this order. Gates are in the order of these layers.
	Stacks() []growth.Stack
	// Vocabulary returns the number of tokens in the vocabulary.
	Vocabulary() int
	// MaxLength returns the length of the longest possible sequence in tokens,
	// or 0 if any length is possible.
	MaxLength() int

	// WithDepths returns the model with the given number of layers in each
	// stack. There is one depth for each stack.
	WithDepths(depths growth.Depths) Config
	// WithVocabulary returns the model with another vocabulary size.
	WithVocabulary(tokens int) Config
	// WithMaxLength returns the model for sequences of at least that length.
	WithMaxLength(tokens int) Config

	// Trains returns an error if the model cannot be trained with an objective.
	Trains(o objective.Objective) error
	// Inputs returns the tensors for Loss from a batch of an objective.
	Inputs(batch objective.Sized) (transformer.Batch, error)
	// Loss returns the terms of the loss of a batch. The first is the
	// objective's cross-entropy in nats per predicted token, which training
	// reports. The other terms are minimized too. Like all functions that build
	// graphs, it panics on errors.
	Loss(w transformer.Weights, inputs transformer.Inputs, mode transformer.Mode) []transformer.Term
	// Predictions returns the logits [B, L, V] of a batch at every position
	// that the model can predict, including padding.
	Predictions(w transformer.Weights, inputs transformer.Inputs) *Node

	// Cost returns the counted cost of a training step on batches of batchSize
	// rows.
	Cost(batchSize int, row objective.Shape) Cost

	// Export describes how transformers saves the model, or returns an error if
	// it cannot.
	Export() (Export, error)
	// TransformersBatch describes the tensors that transformers reads from the
	// model's batches, or returns an error if it cannot train the model.
	TransformersBatch() (TransformersBatch, error)
}

// Cost is the counted cost of a training step.
type Cost struct {
	Tokens      int     // tokens that the model reads, including padding; for an encoder-decoder, inputs and targets
	FLOPs       float64 // floating-point operations, forward and backward
	Activations int64   // bytes stored by the forward pass for the backward pass
}

// Depths returns the number of layers of each of the model's stacks.
func Depths(c Config) growth.Depths {
	var depths growth.Depths
	for _, stack := range c.Stacks() {
		depths = append(depths, stack.Depth)
	}
	return depths
}
