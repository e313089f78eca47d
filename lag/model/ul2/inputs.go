package ul2

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Names of the tensors that [Config.Loss] takes, int32 except the weights.
// AttentionMask and Lengths may be absent if there is no padding, and Segments
// if attention may cross documents.
const (
	InputIDs        = "input_ids"         // [B, Lin] for the encoder, or [B, L] for a decoder without an encoder
	AttentionMask   = "attention_mask"    // [B, Lin] 1 for a token of the encoder's input, 0 for padding
	DecoderInputIDs = "decoder_input_ids" // [B, Lt], if there is an encoder
	Labels          = model.Labels        // [B, Lt] the token to predict at each position of the decoder
	WeightsName     = model.Weights       // [B, Lt] float32, 0 where nothing is predicted
	PrefixLengths   = "prefix_lengths"    // [B] only for prefix LMs: number of tokens that attend to each other in both directions
	Lengths         = "lengths"           // [B] only without an encoder: number of tokens of each row; the rest is padding
	Segments        = "segments"          // [B, L] only without an encoder: number of each token's document
)

// EncoderDecoderInputs returns the tensors of a batch for [EncoderDecoder].
func EncoderDecoderInputs(b objective.EncoderDecoderBatch) transformer.Batch {
	return transformer.Batch{
		InputIDs:        tensors.FromFlatDataAndDimensions(b.Inputs, b.Size, b.InputLength),
		AttentionMask:   tensors.FromFlatDataAndDimensions(transformer.PaddingMask(b.InputLengths, b.InputLength), b.Size, b.InputLength),
		DecoderInputIDs: tensors.FromFlatDataAndDimensions(b.DecoderInputs, b.Size, b.TargetLength),
		Labels:          tensors.FromFlatDataAndDimensions(b.Targets, b.Size, b.TargetLength),
		WeightsName:     tensors.FromFlatDataAndDimensions(b.Weights, b.Size, b.TargetLength),
	}
}

// DecoderInputs returns the tensors of a batch for [PrefixLM] and [CausalLM].
// The causal form ignores the prefix lengths: it reads inputs from left to
// right too.
func DecoderInputs(b objective.DecoderBatch) transformer.Batch {
	batch := transformer.Batch{
		InputIDs:      tensors.FromFlatDataAndDimensions(b.Tokens, b.Size, b.Length),
		Labels:        tensors.FromFlatDataAndDimensions(b.Targets, b.Size, b.Length),
		WeightsName:   tensors.FromFlatDataAndDimensions(b.Weights, b.Size, b.Length),
		PrefixLengths: tensors.FromFlatDataAndDimensions(b.PrefixLengths, b.Size),
		Lengths:       tensors.FromFlatDataAndDimensions(b.Lengths, b.Size),
	}
	if b.Segments != nil {
		batch[Segments] = tensors.FromFlatDataAndDimensions(b.Segments, b.Size, b.Length)
	}
	return batch
}

// input returns a required tensor of the batch. It panics if there is none, as
// functions that build graphs do.
func (c Config) input(in transformer.Inputs, name string) *Node {
	node, ok := in[name]
	if !ok {
		panic(fmt.Errorf("ul2: the batch has no %q; a model of form %q needs it", name, c.Form))
	}
	return node
}
