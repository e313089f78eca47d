package transformer

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
)

// Dense returns x·Wᵀ + b over the last axis: [..., inputs] -> [..., outputs].
// Weights: weight [outputs, inputs], bias [outputs].
func Dense(w Weights, x *Node) *Node {
	return AddBias(Linear(w, x), w.Get("bias"))
}

// Linear returns x·Wᵀ over the last axis, without a bias, computed in x's dtype.
// Weights: weight [outputs, inputs].
func Linear(w Weights, x *Node) *Node {
	return product(x, ConvertDType(w.Get("weight"), x.DType())).General([]int{x.Rank() - 1}, nil, []int{1}, nil)
}

// product returns a matrix product in the operands' dtype, forward and
// backward. By default GoMLX requests a float32 accumulator for bfloat16, and
// converts the operands to it for the gradient. That is not necessary, because
// backends accumulate in float32 anyway.
func product(x, y *Node) *DotBuilder { return Dot(x, y).WithAccumulatorDType(dtypes.InvalidDType) }

// Logits returns x·Wᵀ in float32 for x of any dtype: [..., H] -> [..., V].
// weight is [V, H].
func Logits(x, weight *Node) *Node {
	return product(x, ConvertDType(weight, x.DType())).WithOutputDType(dtypes.Float32).General([]int{x.Rank() - 1}, nil, []int{1}, nil)
}

// AddBias adds a vector over the last axis, in x's dtype.
func AddBias(x, bias *Node) *Node {
	return Add(x, ExpandLeftToRank(ConvertDType(bias, x.DType()), x.Rank()))
}

// LayerNorm normalizes the last axis to mean 0 and variance 1 (biased
// estimate), then scales and shifts it (Ba et al. 2016, equation 4), in float32.
// Weights: weight [H], bias [H].
func LayerNorm(w Weights, x *Node, epsilon float64) *Node {
	x32 := ConvertDType(x, dtypes.Float32)
	mean := ReduceAndKeep(x32, ReduceMean, -1)
	centered := Sub(x32, mean)
	variance := ReduceAndKeep(Square(centered), ReduceMean, -1)
	normalized := Div(centered, Sqrt(AddScalar(variance, epsilon)))
	y := AddBias(Mul(normalized, ExpandLeftToRank(w.Get("weight"), x.Rank())), w.Get("bias"))
	return ConvertDType(y, x.DType())
}

// RMSNorm divides the last axis by its root mean square and scales it
// (Zhang and Sennrich 2019, equation 4), in float32. Weights: weight [H].
func RMSNorm(w Weights, x *Node, epsilon float64) *Node {
	x32 := ConvertDType(x, dtypes.Float32)
	square := ReduceAndKeep(Square(x32), ReduceMean, -1)
	normalized := Div(x32, Sqrt(AddScalar(square, epsilon)))
	return ConvertDType(Mul(normalized, ExpandLeftToRank(w.Get("weight"), x.Rank())), x.DType())
}

// Gelu returns x·Φ(x) with the exact normal distribution function
// (Hendrycks and Gimpel 2016, section 2).
func Gelu(x *Node) *Node { return activation.Gelu(x) }

// GeluTanh is [Gelu] with a tanh approximation of Φ (Hendrycks and Gimpel 2016,
// section 2), as in T5 v1.1.
func GeluTanh(x *Node) *Node { return activation.GeluApproximate(x) }

// Gate returns (1-g)·x + g·y for a scalar g: exactly x at g = 0 and exactly y
// at g = 1. It fades in a gated duplicate, a layer of the grown model that must
// not change the function at first (Yao et al. 2024, masked structural growth).
func Gate(g, x, y *Node) *Node {
	g = ConvertDType(g, x.DType())
	return Add(Mul(OneMinus(g), x), Mul(g, y))
}

// CrossEntropy returns the sum over positions of weight·(-log
// softmax(logits)[label]) and the sum of the weights, both scalars. logits is
// [N, V], labels is [N] int32, weights is [N] of any numeric type.
func CrossEntropy(logits, labels, weights *Node) (loss, total *Node) {
	losses, weights := crossEntropies(logits, labels, weights)
	return ReduceAllSum(losses), ReduceAllSum(weights)
}

// crossEntropies returns what [CrossEntropy] sums, both [N].
func crossEntropies(logits, labels, weights *Node) (losses, converted *Node) {
	V := logits.Shape().Dimensions[1]
	weights = ConvertDType(weights, logits.DType())
	logProbability_N := ReduceSum(Mul(OneHot(labels, V, logits.DType()), LogSoftmax(logits, -1)), -1)
	return Neg(Mul(weights, logProbability_N)), weights
}
