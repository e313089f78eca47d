package model

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Config is the configuration of a model, which determines everything about it
// but its weights. It is a value: methods that change it return another one.
type Config interface {
	Family() string   // name of the family, as in results and JSON
	Validate() error  // says what is impossible, and how to mend it
	Describe() string // the model's shape in a line: "bert of 3 layers, hidden size 48, ..."

	// Parameters declares the model's parameters, in a fixed order.
	Parameters() []transformer.Param
	// Stacks says where the layers are among the parameters: of the encoder,
	// the decoder, or both in this order. Gates are in the order of their layers.
	Stacks() []growth.Stack
	// Vocabulary is the number of tokens that the model knows.
	Vocabulary() int
	// MaxLength is the longest sequence that the model takes, in tokens; 0 for any.
	MaxLength() int

	// WithDepths returns the model with so many layers in each of its stacks.
	// There is a depth for each stack.
	WithDepths(depths growth.Depths) Config
	// WithVocabulary returns the model for a vocabulary of that size.
	WithVocabulary(tokens int) Config
	// WithMaxLength returns the model for sequences of at least that length.
	WithMaxLength(tokens int) Config

	// Trains reports why the model cannot be trained with an objective.
	Trains(o objective.Objective) error
	// Inputs returns the tensors that Loss takes, of a batch of an objective.
	Inputs(batch objective.Sized) (transformer.Batch, error)
	// Loss returns the terms of the loss of a batch. The first is the
	// objective's cross-entropy in nats per predicted token, which is what
	// training reports; the others are minimized with it. Like all that builds
	// graphs, it panics where that cannot be done.
	Loss(w transformer.Weights, inputs transformer.Inputs, mode transformer.Mode) []transformer.Term
	// Predictions returns the logits [B, L, V] of a batch at every position that
	// the model can predict, padding included.
	Predictions(w transformer.Weights, inputs transformer.Inputs) *Node

	// Cost counts what a training step on batches of that many rows takes.
	Cost(batchSize int, row objective.Shape) Cost

	// Export says how transformers saves the model, or why it cannot.
	Export() (Export, error)
	// TransformersBatch says what transformers reads of the model's batches, or
	// why it cannot train the model.
	TransformersBatch() (TransformersBatch, error)
}

// Cost is what a training step takes, by count.
type Cost struct {
	Tokens      int     // that the model reads, padding included; of an encoder-decoder inputs and targets
	FLOPs       float64 // floating-point operations, forward and backward
	Activations int64   // bytes that the forward pass keeps for the backward pass
}

// Depths returns the number of layers of each of the model's stacks.
func Depths(c Config) growth.Depths {
	var depths growth.Depths
	for _, stack := range c.Stacks() {
		depths = append(depths, stack.Depth)
	}
	return depths
}
