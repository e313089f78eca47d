package transformer

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Dropout is a stream of random numbers in the graph. Every use advances it.
type Dropout struct {
	state *Node
}

// NewDropout returns the stream of a state of GoMLX's random number generator, [3] uint64.
func NewDropout(state *Node) *Dropout { return &Dropout{state} }

// Apply sets a share of x's elements, chosen at random, to zero and scales the
// others by 1/(1-rate) (Srivastava et al. 2014, section 10, inverted). A nil
// stream or a rate of 0 leaves x as it is.
func (d *Dropout) Apply(x *Node, rate float64) *Node {
	if d == nil || rate == 0 {
		return x
	}
	var uniform *Node
	d.state, uniform = RandomUniform(d.state, shapes.Make(dtypes.Float32, x.Shape().Dimensions...))
	keep := GreaterOrEqual(uniform, Scalar(x.Graph(), dtypes.Float32, rate))
	return Where(keep, DivScalar(x, 1-rate), ZerosLike(x))
}
