package transformer

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Silu returns x·sigmoid(x), also called Swish (Hendrycks and Gimpel 2016, section
// 4; Ramachandran et al. 2017).
func Silu(x *Node) *Node { return Mul(x, Sigmoid(x)) }

// GatedFeedForward returns W_o·(activation(W_0·x) * W_1·x) (Shazeer 2020,
// section 2: GEGLU and SwiGLU without biases). x is [..., H]. Weights:
// wi_0.weight [F, H], which computes the gate, wi_1.weight [F, H], wo.weight
// [H, F].
func GatedFeedForward(w Weights, x *Node, activation func(*Node) *Node, dropout *Dropout, rate float64) *Node {
	inner := Mul(activation(Linear(w.In("wi_0"), x)), Linear(w.In("wi_1"), x))
	return Linear(w.In("wo"), dropout.Apply(inner, rate))
}
