package transformer

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// TestThreefry: the known answers of Threefry-2x32 at 13 rounds that come with
// Random123 1.14.0, tests/kat_vectors.
func TestThreefry(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, test := range []struct{ counter, key, want [2]uint32 }{
			{[2]uint32{0, 0}, [2]uint32{0, 0}, [2]uint32{0x9d1c5ec6, 0x8bd50731}},
			{[2]uint32{0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff}, [2]uint32{0xfd36d048, 0x2d17272c}},
			{[2]uint32{0x243f6a88, 0x85a308d3}, [2]uint32{0x13198a2e, 0x03707344}, [2]uint32{0xba3e4725, 0xf27d669e}},
		} {
			out, err := CallOnceN(b.Backend, func(c0, c1, k0, k1 *Node) []*Node {
				x0, x1 := threefry([2]*Node{k0, k1}, [2]*Node{c0, c1})
				return []*Node{x0, x1}
			}, test.counter[0], test.counter[1], test.key[0], test.key[1])
			if err != nil {
				t.Fatal(err)
			}
			if got := [2]uint32{tensors.ToScalar[uint32](out[0]), tensors.ToScalar[uint32](out[1])}; got != test.want {
				t.Errorf("counter %x, key %x: got %x, want %x", test.counter, test.key, got, test.want)
			}
		}
	})
}
