package bert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/transformer"
)

// tokenTypes is the number of segments (sentence A and B) that BERT tells apart.
// Packed sequences are all of type 0.
const tokenTypes = 2

var relativeBias = transformer.RelativeBias{Buckets: 32, MaxDistance: 128, Bidirectional: true}

// Family names the family in results and run directories.
func (c Config) Family() string { return "bert" }

// Inputs returns the tensors that [Config.Loss] takes, in its order.
func Inputs(b objective.MLMBatch) []*tensors.Tensor {
	return []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(b.Tokens, b.Size, b.Length),
		tensors.FromFlatDataAndDimensions(b.Positions, b.Size, b.Predictions),
		tensors.FromFlatDataAndDimensions(b.Labels, b.Size, b.Predictions),
		tensors.FromFlatDataAndDimensions(b.Weights, b.Size, b.Predictions),
	}
}

// Loss returns the sum of the masked-language-model losses of a batch, in
// nats, and the number of predicted tokens.
//
// inputs are tokens [B, L] int32, the positions to predict [B, P] int32, the
// tokens that belong there [B, P] int32, and weights [B, P] float32 (0 for an
// unused slot). gates [layers] float32 fades layers in, see
// [transformer.Gate]; nil where no layer is gated.
func (c Config) Loss(w transformer.Weights, inputs []*Node, gates *Node) (loss, predicted *Node) {
	tokens, positions, labels, weights := inputs[0], inputs[1], inputs[2], inputs[3]
	hidden_BxLxH := c.Encode(w, tokens, gates)
	logits_NxV := c.Predict(w, TakePositions(hidden_BxLxH, positions))
	N := positions.Shape().Size()
	return transformer.CrossEntropy(logits_NxV, Reshape(labels, N), Reshape(weights, N))
}

// Encode returns the hidden states [B, L, H] of tokens [B, L].
func (c Config) Encode(w transformer.Weights, tokens, gates *Node) *Node {
	L := tokens.Shape().Dimensions[1]
	if L > c.MaxPositions {
		panic(fmt.Errorf("bert: a sequence of %d tokens is longer than max_position_embeddings %d", L, c.MaxPositions))
	}
	embeddings := w.In("bert.embeddings")
	x := Gather(embeddings.Get("word_embeddings.weight"), InsertAxes(tokens, -1))
	x = transformer.AddBias(x, Reshape(Slice(embeddings.Get("token_type_embeddings.weight"), AxisElem(0)), c.HiddenSize))
	var bias *Node
	if c.Positions == Relative {
		bias = relativeBias.Bias(w.Get("bert.encoder.relative_attention_bias.weight"), L, L)
	} else {
		table := Slice(embeddings.Get("position_embeddings.weight"), AxisRange(0, L))
		x = Add(x, BroadcastToShape(InsertAxes(table, 0), x.Shape()))
	}
	x = transformer.LayerNorm(embeddings.In("LayerNorm"), x, c.LayerNormEpsilon)

	for i := range c.Layers {
		y := c.layer(w.In(stackPrefix, i), x, bias)
		if gates != nil {
			y = transformer.Gate(Reshape(Slice(gates, AxisElem(i))), x, y)
		}
		x = y
	}
	return x
}

// layer is one post-norm encoder layer: LN(x + attention(x)), then LN(x + feed-forward(x)).
func (c Config) layer(w transformer.Weights, x, bias *Node) *Node {
	self := w.In("attention.self")
	context := transformer.Attention(
		transformer.Dense(self.In("query"), x),
		transformer.Dense(self.In("key"), x),
		transformer.Dense(self.In("value"), x), c.Heads, bias)
	attention := transformer.Dense(w.In("attention.output.dense"), context)
	x = transformer.LayerNorm(w.In("attention.output.LayerNorm"), Add(x, attention), c.LayerNormEpsilon)

	inner := transformer.Gelu(transformer.Dense(w.In("intermediate.dense"), x))
	feedForward := transformer.Dense(w.In("output.dense"), inner)
	return transformer.LayerNorm(w.In("output.LayerNorm"), Add(x, feedForward), c.LayerNormEpsilon)
}

// TakePositions returns the hidden states [B*P, H] at positions [B, P] of hidden states [B, L, H].
func TakePositions(hidden, positions *Node) *Node {
	B, L, H := hidden.Shape().Dimensions[0], hidden.Shape().Dimensions[1], hidden.Shape().Dimensions[2]
	P := positions.Shape().Dimensions[1]
	row_BxP := MulScalar(Iota(hidden.Graph(), positions.Shape(), 0), L)
	flat := Reshape(Add(row_BxP, positions), B*P, 1)
	return Gather(Reshape(hidden, B*L, H), flat)
}

// Predict is the masked-language-model head: hidden states [N, H] to logits
// [N, V], the output embeddings tied to the input embeddings.
func (c Config) Predict(w transformer.Weights, hidden *Node) *Node {
	head := w.In("cls.predictions")
	x := transformer.Gelu(transformer.Dense(head.In("transform.dense"), hidden))
	x = transformer.LayerNorm(head.In("transform.LayerNorm"), x, c.LayerNormEpsilon)
	embeddings_VxH := w.Get("bert.embeddings.word_embeddings.weight")
	logits := DotGeneral(x, []int{1}, nil, embeddings_VxH, []int{1}, nil)
	return transformer.AddBias(logits, head.Get("bias"))
}
