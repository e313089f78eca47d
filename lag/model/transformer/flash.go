package transformer

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// flashable reports whether cuDNN's flash attention can compute an attention.
// It needs half precision, query and key sequences of the same length, and a
// head size that is a multiple of 8 up to 128
// (jax/_src/cudnn/fused_attention_stablehlo.py, check_is_flash_attention).
// GoMLX's version (go-xla, compute/xla/flash.go) has no dropout and no gradient
// of a bias, so it cannot be used with dropout, masks or relative positions.
// GoMLX lists the operation in a backend's capabilities only on CUDA.
func flashable(query_BxLqxAxD, key_BxLkxAxD *Node, o AttentionOptions) bool {
	has := query_BxLqxAxD.Graph().Backend().Capabilities().Operations
	q, k := query_BxLqxAxD.Shape().Dimensions, key_BxLkxAxD.Shape().Dimensions
	D := q[3]
	return has[compute.OpTypeFusedScaledDotProductAttention] && has[compute.OpTypeFusedScaledDotProductAttentionVJP] &&
		query_BxLqxAxD.DType() == dtypes.BFloat16 && q[1] == k[1] && D%8 == 0 && D <= 128 &&
		o.Bias == nil && (o.Dropout == nil || o.DropoutRate == 0)
}

// flashAttention computes [Attention] without storing the [B, A, Lq, Lk]
// probabilities (Dao et al. 2022), if the backend can. Otherwise, or if the
// environment variable GOMLX_FUSION is 0, it calls plain. query, key and value
// are [B, L, A, D], and so is the result.
func flashAttention(query, key, value *Node, scale float64, plain func() *Node) *Node {
	output, _ := InternalFusedOpCaller(func() *Node {
		output, _ := BackendFusedScaledDotProductAttention(query, key, value, compute.AttentionAxesLayoutBSHD,
			&compute.ScaledDotProductAttentionConfig{Scale: scale})
		return output
	}, plain, false)
	return output
}
