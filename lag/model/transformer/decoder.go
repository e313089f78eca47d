package transformer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// LengthBias masks keys at and beyond a row's length, which are padding.
// lengths is [B] int32. The result is [B, 1, 1, Lk].
func LengthBias(lengths *Node, Lk int) *Node {
	B := lengths.Shape().Dimensions[0]
	key_BxLk := Iota(lengths.Graph(), shapes.Make(dtypes.Int32, B, Lk), 1)
	allowed := LessThan(key_BxLk, BroadcastToDims(Reshape(lengths, B, 1), B, Lk))
	return Reshape(maskBias(allowed), B, 1, 1, Lk)
}

// SegmentBias masks keys of other documents in the row. segments is [B, L]
// int32 and numbers the documents. The result is [B, 1, L, L].
func SegmentBias(segments *Node) *Node {
	B, L := segments.Shape().Dimensions[0], segments.Shape().Dimensions[1]
	allowed := Equal(
		BroadcastToDims(Reshape(segments, B, L, 1), B, L, L),
		BroadcastToDims(Reshape(segments, B, 1, L), B, L, L))
	return Reshape(maskBias(allowed), B, 1, L, L)
}

// SumBiases returns the sum of attention biases, each broadcastable to [B, A,
// Lq, Lk]. It ignores nil.
func SumBiases(biases ...*Node) *Node {
	var sum *Node
	for _, bias := range biases {
		switch {
		case bias == nil:
		case sum == nil:
			sum = bias
		default:
			dims := make([]int, bias.Rank())
			for i := range dims {
				dims[i] = max(sum.Shape().Dimensions[i], bias.Shape().Dimensions[i])
			}
			sum = Add(BroadcastToDims(sum, dims...), BroadcastToDims(bias, dims...))
		}
	}
	return sum
}

// ZLoss returns the sum over positions of weight·log(Z)², where Z is the
// denominator of the softmax. It keeps the logits close to normalized log
// probabilities (mesh_tensorflow, layers.py,
// softmax_cross_entropy_with_logits). logits is [N, V], weights is [N], the
// result is a scalar.
func ZLoss(logits, weights *Node) *Node {
	// Subtracting the maximum keeps Exp in range. It cancels, so it needs no gradient.
	highest_Nx1 := StopGradient(ReduceAndKeep(logits, ReduceMax, -1))
	sum_N := ReduceSum(Exp(Sub(logits, highest_Nx1)), -1)
	logZ_N := Add(Log(sum_N), Reshape(highest_Nx1, sum_N.Shape().Dimensions...))
	return ReduceAllSum(Mul(weights, Square(logZ_N)))
}
