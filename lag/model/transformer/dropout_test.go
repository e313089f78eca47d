package transformer_test

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// TestDropout: with a rate r, a share r of the elements is 0 and the others are
// scaled by 1/(1-r), so that the mean stays.
func TestDropout(t *testing.T) {
	const n, rate, blocks = 64_000, 0.1, 64
	x := slices.Repeat([]float32{1}, n)
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		exec := MustNewExec(b.Backend, func(x, state *Node) []*Node {
			d := transformer.NewDropout(state)
			first := d.Apply(x, rate)
			return []*Node{first, d.Apply(x, rate), d.Apply(x, 0)}
		})
		run := func(state ...uint64) [][]float32 {
			var values [][]float32
			for _, out := range exec.MustCall(x, state) {
				values = append(values, tensors.MustCopyFlatData[float32](out))
			}
			return values
		}
		out := run(1, 2, 3)
		if !slices.Equal(out[2], x) {
			t.Error("a rate of 0 changes x")
		}
		for use, values := range out[:2] {
			// The number of zeros of a block is binomial, so that the sum over
			// blocks of (zeros - mean)²/variance has mean blocks and variance 2·blocks.
			const size = n / blocks
			mean, variance := size*rate, size*rate*(1-rate)
			total, chiSquare := 0.0, 0.0
			for block := range slices.Chunk(values, size) {
				zeros := 0.0
				for _, v := range block {
					if v == 0 {
						zeros++
					} else if v != float32(1/(1-rate)) {
						t.Fatalf("use %d: a value of %v, want 0 or %v", use, v, 1/(1-rate))
					}
				}
				total += zeros
				chiSquare += (zeros - mean) * (zeros - mean) / variance
			}
			if sd := math.Sqrt(n * rate * (1 - rate)); math.Abs(total-n*rate) > 4*sd {
				t.Errorf("use %d: %v of %d elements are 0, want %v ± %.0f", use, total, n, n*rate, 4*sd)
			}
			if sd := math.Sqrt(2 * blocks); math.Abs(chiSquare-blocks) > 4*sd {
				t.Errorf("use %d: χ² is %.1f, want %d ± %.0f", use, chiSquare, blocks, 4*sd)
			}
		}
		// Masks of other uses and other states agree by chance only: where
		// both keep or both drop, a share r² + (1-r)².
		again, other, third := run(1, 2, 3), run(2, 2, 3), run(1, 3, 3)
		if !slices.EqualFunc(out, again, slices.Equal) {
			t.Error("the same state gives other masks")
		}
		for name, mask := range map[string][]float32{"the next use": out[1], "another first word": other[0], "another second word": third[0]} {
			same := 0.0
			for i := range mask {
				if mask[i] == out[0][i] {
					same++
				}
			}
			p := rate*rate + (1-rate)*(1-rate)
			if sd := math.Sqrt(n * p * (1 - p)); math.Abs(same-n*p) > 4*sd {
				t.Errorf("the mask of %s agrees at %v places, want %.0f ± %.0f", name, same, n*p, 4*sd)
			}
		}
	})
}

// TestNoDropout: without a stream, as in evaluation, x is left as it is.
func TestNoDropout(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		x := []float32{1, -2, 3}
		out, err := CallOnce(b.Backend, func(x *Node) *Node { return (*transformer.Dropout)(nil).Apply(x, 0.5) }, x)
		if err != nil {
			t.Fatal(err)
		}
		if got := tensors.MustCopyFlatData[float32](out); !slices.Equal(got, x) {
			t.Errorf("got %v, want %v", got, x)
		}
	})
}
