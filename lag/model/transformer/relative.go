package transformer

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// RelativeBias is a learned bias of the attention scores. It depends on the
// head and on the distance of key and query, in buckets whose width grows with
// the distance (Raffel et al. 2020, section 2.1; mesh_tensorflow,
// transformer_layers.py, _relative_position_bucket). All layers of a stack
// share one table.
type RelativeBias struct {
	Buckets       int  // rows of the table
	MaxDistance   int  // this and all greater distances share the last bucket
	Bidirectional bool // whether keys after the query have separate buckets
}

// Bucket returns the row of the table for a distance, which is the key position minus
// the query position.
func (r RelativeBias) Bucket(distance int) int {
	buckets, bucket := r.Buckets, 0
	if r.Bidirectional {
		buckets /= 2
		if distance > 0 {
			bucket = buckets
		}
		distance = max(distance, -distance)
	} else {
		distance = max(-distance, 0)
	}
	exact := buckets / 2
	if distance < exact {
		return bucket + distance
	}
	// In float32, as in the reference: rounding decides the bucket at the edges.
	scaled := float32(math.Log(float64(float32(distance)/float32(exact)))) /
		float32(math.Log(float64(r.MaxDistance)/float64(exact))) * float32(buckets-exact)
	return bucket + min(exact+int(scaled), buckets-1)
}

// Bias returns the bias [1, A, Lq, Lk] from the table [Buckets, A].
func (r RelativeBias) Bias(table *Node, Lq, Lk int) *Node {
	buckets := make([]int32, Lq*Lk)
	for q := range Lq {
		for k := range Lk {
			buckets[q*Lk+k] = int32(r.Bucket(k - q))
		}
	}
	// Use a product with one-hot rows instead of a gather. Its gradient is a
	// matrix product too, but that of a gather is a serial scatter in XLA on
	// CPU.
	heads := table.Shape().Dimensions[1]
	oneHot := OneHot(Const(table.Graph(), buckets), r.Buckets, table.DType())
	bias_AxLqLk := DotGeneral(table, []int{0}, nil, oneHot, []int{1}, nil)
	return Reshape(bias_AxLqLk, 1, heads, Lq, Lk)
}
