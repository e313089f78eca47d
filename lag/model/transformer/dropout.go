package transformer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Dropout is a stream of random masks in the graph. Every use takes different
// random numbers, which depend only on the state and the number of the use.
//
// The random numbers come from the counter-based generator Threefry-2x32
// instead of GoMLX's RandomUniform. XLA fuses Threefry with the operations that
// use the mask, forward and backward, so that no mask is stored in memory.
// XLA's own generator, Philox, is not fused, and takes four times as long on a
// CPU.
type Dropout struct {
	key  [2]*Node // uint32 scalars
	uses uint32
}

// NewDropout returns the stream for a state of GoMLX's random number generator,
// [3] uint64. It uses the low halves of the first two words.
func NewDropout(state *Node) *Dropout {
	low := func(i int) *Node { return ConvertDType(Reshape(Slice(state, AxisElem(i))), dtypes.Uint32) }
	return &Dropout{key: [2]*Node{low(0), low(1)}}
}

// Apply sets a random share of x's elements to zero and multiplies the others
// by 1/(1-rate) (Srivastava et al. 2014, section 10, inverted). If d is nil or
// the rate is 0, it returns x.
func (d *Dropout) Apply(x *Node, rate float64) *Node {
	if d == nil || rate == 0 {
		return x
	}
	element := Iota(x.Graph(), shapes.Make(dtypes.Uint32, x.Shape().Size()), 0)
	use := BroadcastToShape(Scalar(x.Graph(), dtypes.Uint32, float64(d.uses)), element.Shape())
	d.uses++
	bits, _ := threefry(d.key, [2]*Node{element, use})
	threshold := Scalar(x.Graph(), dtypes.Uint32, float64(uint32(rate*(1<<32))))
	keep := Reshape(GreaterOrEqual(bits, threshold), x.Shape().Dimensions...)
	return Where(keep, DivScalar(x, 1-rate), ZerosLike(x))
}

// threefryRounds is the smallest number of rounds for which Threefry-2x32
// passes all of TestU01's batteries (Salmon et al. 2011, table 2).
const threefryRounds = 13

// threefry returns 64 random bits for every counter, in two words, with the
// block cipher Threefry-2x32 (Salmon et al. 2011, Parallel random numbers: as
// easy as 1, 2, 3, section 4.2; Random123, threefry.h). The key is two scalars
// and the counter two tensors of the same shape, all uint32.
func threefry(key, counter [2]*Node) (*Node, *Node) {
	g := counter[0].Graph()
	word := func(value uint32) *Node { return Scalar(g, dtypes.Uint32, float64(value)) }
	const parity = 0x1BD11BDA
	keys := [3]*Node{key[0], key[1], BitwiseXor(BitwiseXor(key[0], key[1]), word(parity))}
	rotations := [8]uint32{13, 15, 26, 6, 17, 29, 16, 24}

	x0, x1 := Add(counter[0], keys[0]), Add(counter[1], keys[1])
	for round := range threefryRounds {
		r := rotations[round%len(rotations)]
		x0 = Add(x0, x1)
		x1 = BitwiseXor(x0, BitwiseOr(BitwiseShiftLeft(x1, word(r)), BitwiseShiftRightLogical(x1, word(32-r))))
		if n := (round + 1) / 4; (round+1)%4 == 0 { // inject the key after every fourth round
			x0 = Add(x0, keys[n%3])
			x1 = Add(x1, Add(keys[(n+1)%3], word(uint32(n))))
		}
	}
	return x0, x1
}
