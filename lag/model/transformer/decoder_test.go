package transformer_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// TestZLoss: log Z is ln 4 of four zeros, 1000 + ln 2 of two large logits, and
// nothing of a weight of 0. The derivative is 2·log Z·softmax.
func TestZLoss(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		out, err := CallOnceN(b.Backend, func(logits, weights *Node) []*Node {
			z := transformer.ZLoss(logits, weights)
			return []*Node{z, Gradient(z, logits)[0]}
		}, [][]float32{{0, 0, 0, 0}, {1000, -1000, 1000, -1000}, {7, 0, 0, 0}}, []float32{1, 0.5, 0})
		if err != nil {
			t.Fatal(err)
		}
		zeros, large := math.Log(4), 1000+math.Log(2)
		got, want := float64(tensors.ToScalar[float32](out[0])), zeros*zeros+0.5*large*large
		if math.Abs(got-want) > 1e-6*want {
			t.Errorf("got %v, want %v", got, want)
		}
		for i, want := range []float64{zeros / 2, zeros / 2, zeros / 2, zeros / 2, large / 2, 0, large / 2, 0, 0, 0, 0, 0} {
			if got := float64(tensors.MustCopyFlatData[float32](out[1])[i]); math.Abs(got-want) > 1e-5*(1+want) {
				t.Errorf("derivative %d is %v, want %v", i, got, want)
			}
		}
	})
}

// TestSilu: x/(1 + e^-x).
func TestSilu(t *testing.T) {
	out, err := CallOnce(testbackend.Go(t).Backend, transformer.Silu, []float32{-100, -1, 0, 1, 100})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, -1 / (1 + math.E), 0, 1 / (1 + 1/math.E), 100} {
		if got := float64(tensors.MustCopyFlatData[float32](out)[i]); math.Abs(got-want) > 1e-6 {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
}
