package ul2

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

var _ model.TextReader = Config{}

// TextInputs implements [model.TextReader]. In a prefix LM all of a text is the prefix,
// so that its tokens attend to each other in both directions.
func (c Config) TextInputs(t model.Texts) transformer.Batch {
	batch := transformer.Batch{InputIDs: tensors.FromFlatDataAndDimensions(t.Tokens, t.Size, t.Length)}
	switch c.Form {
	case EncoderDecoder:
		batch[AttentionMask] = tensors.FromFlatDataAndDimensions(transformer.PaddingMask(t.Lengths, t.Length), t.Size, t.Length)
		return batch
	case PrefixLM:
		batch[PrefixLengths] = tensors.FromFlatDataAndDimensions(t.Lengths, t.Size)
	}
	batch[Lengths] = tensors.FromFlatDataAndDimensions(t.Lengths, t.Size)
	return batch
}

// Hidden implements [model.TextReader].
func (c Config) Hidden(w transformer.Weights, in transformer.Inputs) *Node {
	if c.Form == EncoderDecoder {
		return c.Encode(w, in, transformer.Mode{})
	}
	return c.Decode(w, in, nil, transformer.Mode{})
}
