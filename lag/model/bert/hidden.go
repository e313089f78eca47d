package bert

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

var _ model.TextReader = Config{}

// TextInputs implements [model.TextReader].
func (c Config) TextInputs(t model.Texts) transformer.Batch {
	batch := transformer.Batch{
		InputIDs:      tensors.FromFlatDataAndDimensions(t.Tokens, t.Size, t.Length),
		AttentionMask: tensors.FromFlatDataAndDimensions(transformer.PaddingMask(t.Lengths, t.Length), t.Size, t.Length),
	}
	if t.Segments != nil {
		batch[TokenTypes] = tensors.FromFlatDataAndDimensions(t.Segments, t.Size, t.Length)
	}
	return batch
}

// Hidden implements [model.TextReader].
func (c Config) Hidden(w transformer.Weights, in transformer.Inputs) *Node {
	return c.Encode(w, in, transformer.Mode{})
}
