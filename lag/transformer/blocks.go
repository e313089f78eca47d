package transformer

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
)

// Dense returns x·Wᵀ + b over the last axis: [..., inputs] -> [..., outputs].
// Weights: weight [outputs, inputs], bias [outputs].
func Dense(w Weights, x *Node) *Node {
	return AddBias(Linear(w, x), w.Get("bias"))
}

// Linear returns x·Wᵀ over the last axis, without a bias.
// Weights: weight [outputs, inputs].
func Linear(w Weights, x *Node) *Node {
	return DotGeneral(x, []int{x.Rank() - 1}, nil, w.Get("weight"), []int{1}, nil)
}

// AddBias adds a vector over the last axis.
func AddBias(x, bias *Node) *Node {
	return Add(x, ExpandLeftToRank(bias, x.Rank()))
}

// LayerNorm normalizes the last axis to mean 0 and variance 1 (biased
// estimate), then scales and shifts it (Ba et al. 2016, equation 4).
// Weights: weight [H], bias [H].
func LayerNorm(w Weights, x *Node, epsilon float64) *Node {
	mean := ReduceAndKeep(x, ReduceMean, -1)
	centered := Sub(x, mean)
	variance := ReduceAndKeep(Square(centered), ReduceMean, -1)
	normalized := Div(centered, Sqrt(AddScalar(variance, epsilon)))
	return AddBias(Mul(normalized, ExpandLeftToRank(w.Get("weight"), x.Rank())), w.Get("bias"))
}

// Gelu is x·Φ(x) with the exact normal distribution function
// (Hendrycks and Gimpel 2016, section 2).
func Gelu(x *Node) *Node { return activation.Gelu(x) }

// Attention is softmax(q·kᵀ/√D + bias)·v for every head (Vaswani et al. 2017,
// equation 1). query is [B, Lq, H], key and value are [B, Lk, H]; the bias, nil
// or of a shape that broadcasts to [B, A, Lq, Lk], carries masks and relative
// positions. Returns [B, Lq, H].
func Attention(query, key, value *Node, heads int, bias *Node) *Node {
	B, Lq, H := query.Shape().Dimensions[0], query.Shape().Dimensions[1], query.Shape().Dimensions[2]
	Lk, D := key.Shape().Dimensions[1], H/heads
	q_BxLqxAxD := Reshape(MulScalar(query, 1/math.Sqrt(float64(D))), B, Lq, heads, D)
	k_BxLkxAxD := Reshape(key, B, Lk, heads, D)
	v_BxLkxAxD := Reshape(value, B, Lk, heads, D)

	scores_BxAxLqxLk := Einsum("bqad,bkad->baqk", q_BxLqxAxD, k_BxLkxAxD)
	if bias != nil {
		scores_BxAxLqxLk = Add(scores_BxAxLqxLk, BroadcastToShape(bias, scores_BxAxLqxLk.Shape()))
	}
	context_BxLqxAxD := Einsum("baqk,bkad->bqad", Softmax(scores_BxAxLqxLk, -1), v_BxLkxAxD)
	return Reshape(context_BxLqxAxD, B, Lq, H)
}

// Gate returns (1-g)·x + g·y for a scalar g: x exactly at g = 0, y exactly at
// g = 1. It is how a gated duplicate, a layer of the grown model that must not
// change the function at first, is faded in (Yao et al. 2024, masked structural growth).
func Gate(g, x, y *Node) *Node {
	return Add(Mul(OneMinus(g), x), Mul(g, y))
}

// CrossEntropy returns the sum over positions of weight·(-log softmax(logits)[label])
// and the sum of the weights, both scalars. logits [N, V], labels [N] int32, weights [N].
func CrossEntropy(logits, labels, weights *Node) (loss, total *Node) {
	V := logits.Shape().Dimensions[1]
	logProbability_N := ReduceSum(Mul(OneHot(labels, V, logits.DType()), LogSoftmax(logits, -1)), -1)
	return Neg(ReduceAllSum(Mul(weights, logProbability_N))), ReduceAllSum(weights)
}
