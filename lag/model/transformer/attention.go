package transformer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// masked is the bias of a pair that must not attend. It is far below any score
// but finite, so that a row in which everything is masked does not give NaN.
const masked = -1e9

// AttentionOptions are the settings of [Attention].
type AttentionOptions struct {
	Heads       int      // A
	Scale       float64  // factor of the scores: 1/√D in BERT, 1 in T5
	Bias        *Node    // masks and relative positions, added to the scores; broadcastable to [B, A, Lq, Lk]; nil for none
	Dropout     *Dropout // dropout of the probabilities; nil for none
	DropoutRate float64
}

// Attention returns softmax(scale·q·kᵀ + bias)·v for every head (Vaswani et al.
// 2017, equation 1). query is [B, Lq, A·D], key and value are [B, Lk, A·D]. The
// softmax is computed in float32. The result is [B, Lq, A·D].
//
// On CUDA in bfloat16, without bias and dropout, it uses cuDNN's flash
// attention.
func Attention(query, key, value *Node, o AttentionOptions) *Node {
	B, Lq, H := query.Shape().Dimensions[0], query.Shape().Dimensions[1], query.Shape().Dimensions[2]
	Lk, D := key.Shape().Dimensions[1], H/o.Heads
	q_BxLqxAxD := Reshape(query, B, Lq, o.Heads, D)
	k_BxLkxAxD := Reshape(key, B, Lk, o.Heads, D)
	v_BxLkxAxD := Reshape(value, B, Lk, o.Heads, D)

	plain := func() *Node {
		q := q_BxLqxAxD
		if o.Scale != 1 {
			q = MulScalar(q, o.Scale)
		}
		scores_BxAxLqxLk := ConvertDType(product(q, k_BxLkxAxD).Einsum("bqad,bkad->baqk"), dtypes.Float32)
		if o.Bias != nil {
			scores_BxAxLqxLk = Add(scores_BxAxLqxLk, BroadcastToShape(o.Bias, scores_BxAxLqxLk.Shape()))
		}
		probabilities := o.Dropout.Apply(Softmax(scores_BxAxLqxLk, -1), o.DropoutRate)
		return product(ConvertDType(probabilities, value.DType()), v_BxLkxAxD).Einsum("baqk,bkad->bqad")
	}
	var context_BxLqxAxD *Node
	if flashable(q_BxLqxAxD, k_BxLkxAxD, o) {
		context_BxLqxAxD = flashAttention(q_BxLqxAxD, k_BxLkxAxD, v_BxLkxAxD, o.Scale, plain)
	} else {
		context_BxLqxAxD = plain()
	}
	return Reshape(context_BxLqxAxD, B, Lq, H)
}

// maskBias returns 0 where allowed is true, and [masked] elsewhere. allowed is a bool of
// any shape.
func maskBias(allowed *Node) *Node {
	return MulScalar(OneMinus(ConvertDType(allowed, dtypes.Float32)), masked)
}

// PaddingBias masks keys that are padding. mask is [B, Lk] int32, 1 for a token
// and 0 for padding. The result is [B, 1, 1, Lk].
func PaddingBias(mask *Node) *Node {
	B, Lk := mask.Shape().Dimensions[0], mask.Shape().Dimensions[1]
	return Reshape(maskBias(NotEqual(mask, ZerosLike(mask))), B, 1, 1, Lk)
}

// CausalBias masks keys after the query. The result is [1, 1, L, L].
func CausalBias(g *Graph, L int) *Node {
	return Reshape(maskBias(LowerTriangular(g, L)), 1, 1, L, L)
}

// PrefixBias masks keys that are neither in the prefix nor at or before the
// query. prefixLengths is [B] int32. The result is [B, 1, L, L].
func PrefixBias(prefixLengths *Node, L int) *Node {
	B := prefixLengths.Shape().Dimensions[0]
	g := prefixLengths.Graph()
	key_BxLxL := BroadcastToShape(Iota(g, shapes.Make(dtypes.Int32, 1, 1, L), 2), shapes.Make(dtypes.Int32, B, L, L))
	allowed := LogicalOr(
		LessThan(key_BxLxL, BroadcastToShape(Reshape(prefixLengths, B, 1, 1), key_BxLxL.Shape())),
		BroadcastToShape(Reshape(LowerTriangular(g, L), 1, L, L), key_BxLxL.Shape()))
	return Reshape(maskBias(allowed), B, 1, L, L)
}
