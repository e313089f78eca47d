package transformer

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Inputs are the tensors of a [Batch] in the graph.
type Inputs map[string]*Node

// Mode is how a model is run: with dropout or without, its layers faded in or not.
type Mode struct {
	Gates   *Node    // [layers of all stacks] float32, see [Gate]; nil leaves every layer open
	Dropout *Dropout // nil for no dropout, as in evaluation
}

// Gate returns the gate of a layer, counted over all stacks, or nil where no layer is gated.
func (m Mode) Gate(layer int) *Node {
	if m.Gates == nil {
		return nil
	}
	return Reshape(Slice(m.Gates, AxisElem(layer)))
}

// Term is a part of a loss: the sum of something over a batch, and what to
// divide it by for a mean. Both are float32 scalars; Count does not depend on
// the parameters.
type Term struct {
	Name       string
	Sum, Count *Node
}

// Remat runs a layer so that its intermediate results are computed again in the
// backward pass in place of being kept (Chen et al. 2016, gradient checkpointing), if on.
func Remat(x *Node, on bool, layer func(x *Node) *Node) *Node {
	if !on {
		return layer(x)
	}
	return layer(x.Checkpoint()).StopCheckpoint()
}

// Precision names the dtype of a model's activations. Parameters are float32,
// and so are normalization, the softmax of attention, logits and loss. Attention
// scores are rounded to the precision before the softmax, for the pure-Go
// backend does not give a batched product of bfloat16 as float32.
type Precision string

const (
	Float32  Precision = "float32"
	BFloat16 Precision = "bfloat16"
)

// Validate reports an unknown precision.
func (p Precision) Validate() error {
	if p != Float32 && p != BFloat16 {
		return fmt.Errorf("unknown precision %q; it is %q or %q", p, Float32, BFloat16)
	}
	return nil
}

// DType is the dtype of activations.
func (p Precision) DType() dtypes.DType {
	if p == BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}
