package transformer_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

const (
	attB, attL, attA, attD = 2, 16, 2, 8
	attH                   = attA * attD
)

func randomValues(seed uint64, n int) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return values
}

// attend returns the output of attention in a dtype, and the gradients of the
// sum of its squares with respect to query, key and value, all as float32.
func attend(dtype dtypes.DType) func(q, k, v *Node) []*Node {
	return func(q, k, v *Node) []*Node {
		options := transformer.AttentionOptions{Heads: attA, Scale: 1 / math.Sqrt(attD)}
		output := transformer.Attention(ConvertDType(q, dtype), ConvertDType(k, dtype), ConvertDType(v, dtype), options)
		output = ConvertDType(output, dtypes.Float32)
		return append([]*Node{output}, Gradient(ReduceAllSum(Square(output)), q, k, v)...)
	}
}

func callAttention(t *testing.T, b *backend.Backend, dtype dtypes.DType) (flat [][]float32) {
	t.Helper()
	var args []any
	for i := range 3 {
		args = append(args, tensors.FromFlatDataAndDimensions(randomValues(uint64(i), attB*attL*attH), attB, attL, attH))
	}
	out, err := CallOnceN(b.Backend, attend(dtype), args...)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		flat = append(flat, tensors.MustCopyFlatData[float32](o))
	}
	return flat
}

// distance is |x-y|/|y|.
func distance(x, y []float32) float64 {
	var difference, norm float64
	for i := range x {
		difference += math.Pow(float64(x[i])-float64(y[i]), 2)
		norm += math.Pow(float64(y[i]), 2)
	}
	return math.Sqrt(difference / norm)
}

// TestAttentionBFloat16: bfloat16 keeps 8 bits, so that one rounding errs by
// 0.2% on average and a few of them by less than 1%.
func TestAttentionBFloat16(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		exact, rounded := callAttention(t, b, dtypes.Float32), callAttention(t, b, dtypes.BFloat16)
		for i, name := range []string{"output", "query's gradient", "key's gradient", "value's gradient"} {
			if d := distance(rounded[i], exact[i]); d > 0.01 || d == 0 {
				t.Errorf("%s: bfloat16 is off by %.3g, want some and at most 0.01", name, d)
			}
		}
	})
}

// TestFlashAttentionIsOff: engines without flash attention compute it plainly,
// in any precision.
func TestFlashAttentionIsOff(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		g := NewGraph(b.Backend, "attention")
		x := Parameter(g, "x", shapes.Make(dtypes.Float32, attB, attL, attH))
		attend(dtypes.BFloat16)(x, x, x)
		if strings.Contains(g.String(), "FusedScaledDotProductAttention") {
			t.Error("the graph has the fused operation")
		}
	})
}

// TestFlashAttention holds cuDNN's kernel against plain attention. It needs a GPU.
func TestFlashAttention(t *testing.T) {
	b, err := backend.Open(backend.CUDA)
	if err != nil {
		t.Skipf("flash attention is not tested here: %v", err)
	}
	defer b.Finalize()
	g := NewGraph(b.Backend, "attention")
	x := Parameter(g, "x", shapes.Make(dtypes.Float32, attB, attL, attH))
	attend(dtypes.BFloat16)(x, x, x)
	if !strings.Contains(g.String(), "FusedScaledDotProductAttention") {
		t.Error("the graph has no fused operation")
	}
	flash := callAttention(t, b, dtypes.BFloat16)
	t.Setenv(FusionEnv, "0")
	plain := callAttention(t, b, dtypes.BFloat16)
	for i := range flash {
		if d := distance(flash[i], plain[i]); d > 0.01 {
			t.Errorf("output or gradient %d is off by %.3g, want at most 0.01", i, d)
		}
	}
}

// TestLogits: sums of products of bfloat16 numbers are float32 and not rounded:
// 1 + 1/512 is no bfloat16.
func TestLogits(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		out, err := CallOnceN(b.Backend, func(x, weight *Node) []*Node {
			x = ConvertDType(x, dtypes.BFloat16)
			return []*Node{transformer.Logits(x, weight), transformer.Logits(Reshape(x, 2, 1, 2), weight)}
		}, [][]float32{{1, 1}, {0, 3}}, [][]float32{{1, 1. / 512}, {2, 0}})
		if err != nil {
			t.Fatal(err)
		}
		want := []float32{1 + 1./512, 2, 3. / 512, 0}
		for i, shape := range [][]int{{2, 2}, {2, 1, 2}} {
			if got := tensors.MustCopyFlatData[float32](out[i]); !slices.Equal(got, want) || !slices.Equal(out[i].Shape().Dimensions, shape) {
				t.Errorf("got %v of shape %v, want %v of %v", got, out[i].Shape(), want, shape)
			}
		}
	})
}

// TestRemat: computing a layer again changes nothing, dropout's masks included.
func TestRemat(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		run := func(on bool) (flat []float32, layers int) {
			out, err := CallOnceN(b.Backend, func(x, weight, state *Node) []*Node {
				dropout := transformer.NewDropout(state)
				y := x
				for range 2 {
					y = transformer.Remat(y, on, func(y *Node) *Node {
						y = Tanh(DotGeneral(y, []int{1}, nil, weight, []int{1}, nil))
						return dropout.Apply(y, 0.3)
					})
				}
				loss := ReduceAllSum(Square(y))
				gradients := Gradient(loss, x, weight)
				layers = strings.Count(x.Graph().String(), "Tanh(")
				return append(gradients, loss)
			}, tensors.FromFlatDataAndDimensions(randomValues(1, 32), 4, 8),
				tensors.FromFlatDataAndDimensions(randomValues(2, 64), 8, 8), []uint64{1, 2, 3})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range out {
				flat = append(flat, tensors.MustCopyFlatData[float32](o)...)
			}
			return flat, layers
		}
		kept, once := run(false)
		again, twice := run(true)
		if d := distance(again, kept); d > 1e-6 {
			t.Errorf("loss and gradients differ by %g", d)
		}
		if once != 2 || twice < 4 {
			t.Errorf("%d layers are computed where they are kept and %d where not, want 2 and at least 4", once, twice)
		}
	})
}
