package model

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Texts are B sequences of at most L tokens for [TextReader]. Nothing in them is masked
// or predicted. All slices are row-major.
type Texts struct {
	Size     int     // B
	Length   int     // L
	Tokens   []int32 // [B, L] with the special tokens of the objective; padding is any token
	Lengths  []int32 // [B] tokens of each row; the rest is padding
	Segments []int32 // [B, L] 0 for the first text of a pair, 1 for the second; nil if the model was not trained on pairs
}

// TextReader is a [Config] whose hidden states of a text can be read, as features for
// other tasks. A family need not be one.
type TextReader interface {
	Config

	// TextInputs returns the tensors of texts for Hidden.
	TextInputs(texts Texts) transformer.Batch

	// Hidden returns the last hidden states [B, L, H] of texts: the encoder's, or
	// those of a decoder without an encoder. Those at padding mean nothing. Like all
	// functions that build graphs, it panics on errors.
	Hidden(w transformer.Weights, inputs transformer.Inputs) *Node
}
