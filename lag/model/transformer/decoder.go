package transformer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// LengthBias keeps every query from keys at and beyond a row's length, which
// are padding: lengths [B] int32. Returns [B, 1, 1, Lk].
func LengthBias(lengths *Node, Lk int) *Node {
	B := lengths.Shape().Dimensions[0]
	key_BxLk := Iota(lengths.Graph(), shapes.Make(dtypes.Int32, B, Lk), 1)
	allowed := LessThan(key_BxLk, BroadcastToDims(Reshape(lengths, B, 1), B, Lk))
	return Reshape(maskBias(allowed), B, 1, 1, Lk)
}

// SegmentBias keeps a query from keys of other documents of its row: segments
// [B, L] int32 numbers the documents. Returns [B, 1, L, L].
func SegmentBias(segments *Node) *Node {
	B, L := segments.Shape().Dimensions[0], segments.Shape().Dimensions[1]
	allowed := Equal(
		BroadcastToDims(Reshape(segments, B, L, 1), B, L, L),
		BroadcastToDims(Reshape(segments, B, 1, L), B, L, L))
	return Reshape(maskBias(allowed), B, 1, L, L)
}

// SumBiases adds biases of the attention scores, each of a shape that
// broadcasts to [B, A, Lq, Lk]. Nodes that are nil count as 0.
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

// ZLoss returns the sum over positions of weight·log(Z)², Z being the
// denominator of the softmax: it keeps logits from drifting away from
// normalized log probabilities (mesh_tensorflow, layers.py,
// softmax_cross_entropy_with_logits). logits [N, V], weights [N]. Returns a scalar.
func ZLoss(logits, weights *Node) *Node {
	// The maximum cancels out: it keeps Exp in range, and needs no gradient.
	highest_Nx1 := StopGradient(ReduceAndKeep(logits, ReduceMax, -1))
	sum_N := ReduceSum(Exp(Sub(logits, highest_Nx1)), -1)
	logZ_N := Add(Log(sum_N), Reshape(highest_Nx1, sum_N.Shape().Dimensions...))
	return ReduceAllSum(Mul(weights, Square(logZ_N)))
}
