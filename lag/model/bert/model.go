package bert

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// tokenTypes is the number of BERT's segments (sentence A and B).
const tokenTypes = 2

var relativeBias = transformer.RelativeBias{Buckets: 32, MaxDistance: 128, Bidirectional: true}

// Family returns the name of the family in results and run directories.
func (c Config) Family() string { return "bert" }

// Names of the tensors that [Config.Loss] takes. The mask may be absent if
// there is no padding, and the token types if they are all 0.
const (
	InputIDs      = "input_ids"           // [B, L] int32, masked
	AttentionMask = "attention_mask"      // [B, L] int32, 1 for a token, 0 for padding
	TokenTypes    = "token_type_ids"      // [B, L] int32, 0 or 1
	PositionsName = model.Positions       // [B, P] int32, positions to predict
	Labels        = model.Labels          // [B, P] int32, the original tokens at these positions
	WeightsName   = model.Weights         // [B, P] float32, 0 for an unused slot
	NextSentence  = "next_sentence_label" // [B] int32, 0 if the second sentence follows the first
)

// Inputs returns the tensors of a batch. There is no mask if no row has
// padding.
func Inputs(b objective.MLMBatch) transformer.Batch {
	batch := transformer.Batch{
		InputIDs:      tensors.FromFlatDataAndDimensions(b.Tokens, b.Size, b.Length),
		PositionsName: tensors.FromFlatDataAndDimensions(b.Positions, b.Size, b.Predictions),
		Labels:        tensors.FromFlatDataAndDimensions(b.Labels, b.Size, b.Predictions),
		WeightsName:   tensors.FromFlatDataAndDimensions(b.Weights, b.Size, b.Predictions),
	}
	if b.Segments != nil { // sentence pairs have padding
		batch[AttentionMask] = tensors.FromFlatDataAndDimensions(transformer.PaddingMask(b.Lengths, b.Length), b.Size, b.Length)
		batch[TokenTypes] = tensors.FromFlatDataAndDimensions(b.Segments, b.Size, b.Length)
		batch[NextSentence] = tensors.FromFlatDataAndDimensions(b.NextSentence, b.Size)
	}
	return batch
}

// Loss returns the masked language model's cross-entropy and, with the
// next-sentence head, that of the next sentence (Devlin et al. 2019, section
// 3.1).
func (c Config) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	hidden_BxLxH := c.Encode(w, in, mode)
	positions := input(in, PositionsName)
	logits_NxV := c.Predict(w, TakePositions(hidden_BxLxH, positions))
	N := positions.Shape().Size()
	loss, predicted := mode.CrossEntropy(logits_NxV, Reshape(input(in, Labels), N), Reshape(input(in, WeightsName), N))
	terms := []transformer.Term{{Name: "mlm", Sum: loss, Count: predicted}}
	if c.NextSentence {
		labels := input(in, NextSentence)
		loss, sentences := transformer.CrossEntropy(c.PredictNextSentence(w, hidden_BxLxH), labels, Ones(labels.Graph(), shapes.Make(dtypes.Float32, labels.Shape().Size())))
		terms = append(terms, transformer.Term{Name: "next_sentence", Sum: loss, Count: sentences})
	}
	return terms
}

// Encode returns the hidden states [B, L, H] of a batch.
func (c Config) Encode(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) *Node {
	x := c.embed(w, in, mode.Dropout)
	bias := c.bias(w, in)
	for i := range c.Layers {
		y := transformer.Remat(x, c.GradientCheckpointing, func(x *Node) *Node {
			return c.layer(w.In(stackPrefix, i), x, bias, mode.Dropout)
		})
		if g := mode.Gate(i); g != nil {
			y = transformer.Gate(g, x, y)
		}
		x = y
	}
	if c.PreNorm {
		x = c.norm(w.In(finalNorm), x)
	}
	return x
}

// embed returns the sum of the embeddings of tokens, token types and positions
// [B, L, H]. In a post-norm model the sum is normalized.
func (c Config) embed(w transformer.Weights, in transformer.Inputs, dropout *transformer.Dropout) *Node {
	tokens := input(in, InputIDs)
	L := tokens.Shape().Dimensions[1]
	if L > c.MaxPositions {
		panic(fmt.Errorf("bert: a sequence of %s is longer than max_position_embeddings %d", plain.Count(L, "token"), c.MaxPositions))
	}
	embeddings := w.In("bert.embeddings")
	x := Gather(embeddings.Get("word_embeddings.weight"), InsertAxes(tokens, -1))
	types_2xH := embeddings.Get("token_type_embeddings.weight")
	if types := in[TokenTypes]; types != nil {
		x = Add(x, DotGeneral(OneHot(types, tokenTypes, dtypes.Float32), []int{2}, nil, types_2xH, []int{0}, nil))
	} else {
		x = transformer.AddBias(x, Reshape(Slice(types_2xH, AxisElem(0)), c.HiddenSize))
	}
	if c.Positions != Relative {
		table_LxH := Slice(embeddings.Get("position_embeddings.weight"), AxisRange(0, L))
		x = Add(x, BroadcastToShape(InsertAxes(table_LxH, 0), x.Shape()))
	}
	if !c.PreNorm {
		x = c.norm(embeddings.In("LayerNorm"), x)
	}
	return ConvertDType(dropout.Apply(x, c.HiddenDropout), c.Precision.DType())
}

// bias returns the attention bias for relative positions and padding,
// broadcastable to [B, A, L, L], or nil if there is neither.
func (c Config) bias(w transformer.Weights, in transformer.Inputs) *Node {
	var relative, padding *Node
	if c.Positions == Relative {
		L := in[InputIDs].Shape().Dimensions[1]
		relative = relativeBias.Bias(w.Get("bert.encoder.relative_attention_bias.weight"), L, L)
	}
	if mask := in[AttentionMask]; mask != nil {
		padding = transformer.PaddingBias(mask)
	}
	return transformer.SumBiases(relative, padding)
}

// layer returns the output of an encoder layer. Post-norm, as published: LN(x +
// attention(x)), then LN(x + feed-forward(x)). Pre-norm: x + attention(LN(x)),
// then x + feed-forward(LN(x)), as in Megatron-LM's BERT (Shoeybi et al. 2019,
// section 3, figure 7).
func (c Config) layer(w transformer.Weights, x, bias *Node, dropout *transformer.Dropout) *Node {
	if c.PreNorm {
		x = Add(x, c.attention(w, c.norm(w.In("attention.ln"), x), bias, dropout))
		return Add(x, c.feedForward(w, c.norm(w.In("ln"), x), dropout))
	}
	x = c.norm(w.In("attention.output.LayerNorm"), Add(x, c.attention(w, x, bias, dropout)))
	return c.norm(w.In("output.LayerNorm"), Add(x, c.feedForward(w, x, dropout)))
}

func (c Config) attention(w transformer.Weights, x, bias *Node, dropout *transformer.Dropout) *Node {
	self := w.In("attention.self")
	context := transformer.Attention(
		transformer.Dense(self.In("query"), x),
		transformer.Dense(self.In("key"), x),
		transformer.Dense(self.In("value"), x),
		transformer.AttentionOptions{
			Heads: c.Heads, Scale: 1 / math.Sqrt(float64(c.HiddenSize/c.Heads)), Bias: bias,
			Dropout: dropout, DropoutRate: c.AttentionDropout,
		})
	return dropout.Apply(transformer.Dense(w.In("attention.output.dense"), context), c.HiddenDropout)
}

func (c Config) feedForward(w transformer.Weights, x *Node, dropout *transformer.Dropout) *Node {
	inner := transformer.Gelu(transformer.Dense(w.In("intermediate.dense"), x))
	return dropout.Apply(transformer.Dense(w.In("output.dense"), inner), c.HiddenDropout)
}

func (c Config) norm(w transformer.Weights, x *Node) *Node {
	return transformer.LayerNorm(w, x, c.LayerNormEpsilon)
}

// input returns a required tensor of the batch.
func input(in transformer.Inputs, name string) *Node {
	node, ok := in[name]
	if !ok {
		panic(fmt.Errorf("bert: the batch has no tensor %q", name))
	}
	return node
}

// TakePositions returns the hidden states [B*P, H] at positions [B, P] of
// hidden states [B, L, H].
func TakePositions(hidden, positions *Node) *Node {
	B, L, H := hidden.Shape().Dimensions[0], hidden.Shape().Dimensions[1], hidden.Shape().Dimensions[2]
	P := positions.Shape().Dimensions[1]
	row_BxP := MulScalar(Iota(hidden.Graph(), positions.Shape(), 0), L)
	flat := Reshape(Add(row_BxP, positions), B*P, 1)
	return Gather(Reshape(hidden, B*L, H), flat)
}

// Predict is the masked-language-model head. It maps hidden states [N, H] to
// logits [N, V] in float32. The output embeddings are the input embeddings.
func (c Config) Predict(w transformer.Weights, hidden *Node) *Node {
	head := w.In("cls.predictions")
	x := transformer.Gelu(transformer.Dense(head.In("transform.dense"), hidden))
	x = c.norm(head.In("transform.LayerNorm"), x)
	logits := transformer.Logits(x, w.Get("bert.embeddings.word_embeddings.weight"))
	return transformer.AddBias(logits, head.Get("bias"))
}

// PredictNextSentence is the pooler and the next-sentence head. It maps hidden
// states [B, L, H] to logits [B, 2] in float32; the first is for "follows".
func (c Config) PredictNextSentence(w transformer.Weights, hidden *Node) *Node {
	B := hidden.Shape().Dimensions[0]
	first := Reshape(Slice(hidden, AxisRange(), AxisElem(0)), B, c.HiddenSize)
	pooled := Tanh(transformer.Dense(w.In(pooler), first))
	head := w.In("cls.seq_relationship")
	return transformer.AddBias(transformer.Logits(pooled, head.Get("weight")), head.Get("bias"))
}
