package transformer

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// flashable tells whether cuDNN's flash attention may compute an attention: it
// needs half precision, sequences of one length and heads of a multiple of 8 up
// to 128 (jax/_src/cudnn/fused_attention_stablehlo.py, check_is_flash_attention).
// As GoMLX has it (go-xla, compute/xla/flash.go), there is no dropout, and a
// bias gets no gradient, so that masks and relative positions keep it off too.
// GoMLX names the operation among a backend's capabilities on CUDA only.
func flashable(query_BxLqxAxD, key_BxLkxAxD *Node, o AttentionOptions) bool {
	has := query_BxLqxAxD.Graph().Backend().Capabilities().Operations
	q, k := query_BxLqxAxD.Shape().Dimensions, key_BxLkxAxD.Shape().Dimensions
	D := q[3]
	return has[compute.OpTypeFusedScaledDotProductAttention] && has[compute.OpTypeFusedScaledDotProductAttentionVJP] &&
		query_BxLqxAxD.DType() == dtypes.BFloat16 && q[1] == k[1] && D%8 == 0 && D <= 128 &&
		o.Bias == nil && (o.Dropout == nil || o.DropoutRate == 0)
}

// flashAttention is [Attention] without the [B, A, Lq, Lk] probabilities in
// memory (Dao et al. 2022), where the backend has it; else, and where the
// environment variable GOMLX_FUSION is 0, it is plain. query, key and value are
// [B, L, A, D]. Returns [B, L, A, D].
func flashAttention(query, key, value *Node, scale float64, plain func() *Node) *Node {
	output, _ := InternalFusedOpCaller(func() *Node {
		output, _ := BackendFusedScaledDotProductAttention(query, key, value, compute.AttentionAxesLayoutBSHD,
			&compute.ScaledDotProductAttentionConfig{Scale: scale})
		return output
	}, plain, false)
	return output
}
