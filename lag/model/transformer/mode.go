package transformer

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Inputs are the tensors of a [Batch] in the graph.
type Inputs map[string]*Node

// Mode holds the options for running a model.
type Mode struct {
	Gates   *Node    // [layers of all stacks] float32, see [Gate]; nil means that all are open
	Dropout *Dropout // nil for no dropout, as in evaluation

	// Parts, if not 0, says that the batch is so many batches of one size, one
	// after another, and asks for the sum and the count of the loss's first term
	// of each, both [Parts]. A model that returns scalars all the same is then
	// given one batch at a time.
	Parts int
}

// CrossEntropy is [CrossEntropy] of each of the parts, or of the whole batch if
// Parts is 0. The positions N are in the order of the batch.
func (m Mode) CrossEntropy(logits, labels, weights *Node) (loss, total *Node) {
	if m.Parts == 0 {
		return CrossEntropy(logits, labels, weights)
	}
	each := func(x_N *Node) *Node { return ReduceSum(Reshape(x_N, m.Parts, x_N.Shape().Size()/m.Parts), -1) }
	losses_N, weights_N := crossEntropies(logits, labels, weights)
	return each(losses_N), each(weights_N)
}

// Gate returns the gate of a layer, counted over all stacks, or nil if no layer is gated.
func (m Mode) Gate(layer int) *Node {
	if m.Gates == nil {
		return nil
	}
	return Reshape(Slice(m.Gates, AxisElem(layer)))
}

// Term is a term of a loss: a sum over a batch, and the count that gives the
// mean. Both are float32 scalars, unless [Mode].Parts asks for more. Count does
// not depend on the parameters.
type Term struct {
	Name       string
	Sum, Count *Node
}

// Remat runs a layer. If on, the backward pass computes its intermediate
// results again instead of storing them (Chen et al. 2016, gradient
// checkpointing).
func Remat(x *Node, on bool, layer func(x *Node) *Node) *Node {
	if !on {
		return layer(x)
	}
	return layer(x.Checkpoint()).StopCheckpoint()
}

// Precision is the dtype of a model's activations. Parameters, normalization,
// the softmax of attention, logits and loss are float32. Attention scores are
// rounded to the precision before the softmax, because the pure-Go backend
// cannot return a batched product of bfloat16 as float32.
type Precision string

const (
	Float32  Precision = "float32"
	BFloat16 Precision = "bfloat16"
)

// Validate returns an error if the precision is unknown.
func (p Precision) Validate() error {
	if p != Float32 && p != BFloat16 {
		return fmt.Errorf("unknown precision %q; it is %q or %q", p, Float32, BFloat16)
	}
	return nil
}

// DType returns the dtype of activations.
func (p Precision) DType() dtypes.DType {
	if p == BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}
