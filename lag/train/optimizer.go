package train

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// AdamW is Adam with decoupled weight decay and bias correction (Loshchilov
// and Hutter 2019, algorithm 2) and clipping by global norm. Weight decay
// applies to the parameters declared with Decay.
type AdamW struct {
	Beta1       float64 `json:"beta1"`        // decay of the first moment
	Beta2       float64 `json:"beta2"`        // decay of the second moment
	Epsilon     float64 `json:"eps"`          // added to the root of the second moment
	WeightDecay float64 `json:"weight_decay"` // a step subtracts learning rate x this x parameter
	ClipNorm    float64 `json:"clip_norm"`    // greatest global norm of the gradient; 0 does not clip
}

// NewAdamW returns BERT's settings (Devlin et al. 2019, appendix A.2, and
// google-research/bert, optimization.py).
func NewAdamW() AdamW {
	return AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-6, WeightDecay: 0.01, ClipNorm: 1}
}

// Validate says which setting is impossible.
func (o AdamW) Validate() error {
	switch {
	case !(o.Beta1 >= 0 && o.Beta1 < 1) || !(o.Beta2 >= 0 && o.Beta2 < 1):
		return fmt.Errorf("adamw: beta1 %g and beta2 %g must lie in [0, 1)", o.Beta1, o.Beta2)
	case !(o.Epsilon > 0):
		return fmt.Errorf("adamw: eps is %g; it must be positive", o.Epsilon)
	case !(o.WeightDecay >= 0) || !(o.ClipNorm >= 0):
		return fmt.Errorf("adamw: weight_decay %g and clip_norm %g must not be negative", o.WeightDecay, o.ClipNorm)
	}
	return nil
}

// corrections returns the bias corrections 1-beta1^n and sqrt(1-beta2^n) of
// moments that hold n updates, this one included.
func (o AdamW) corrections(n int) (first, second float32) {
	return float32(1 - math.Pow(o.Beta1, float64(n))), float32(math.Sqrt(1 - math.Pow(o.Beta2, float64(n))))
}

// clip returns the factor that brings a gradient of that norm under ClipNorm,
// by PyTorch's formula (torch.nn.utils.clip_grad_norm_).
func (o AdamW) clip(norm *Node) *Node {
	if o.ClipNorm == 0 {
		return ScalarOne(norm.Graph(), norm.DType())
	}
	return MinScalar(Div(Scalar(norm.Graph(), norm.DType(), o.ClipNorm), AddScalar(norm, 1e-6)), 1)
}

// update returns the parameter and its moments after one step. rate, first and
// second (the bias corrections) are scalars.
func (o AdamW) update(parameter, gradient, m, v, rate, first, second *Node, decay bool) (newParameter, newM, newV *Node) {
	newM = Add(MulScalar(m, o.Beta1), MulScalar(gradient, 1-o.Beta1))
	newV = Add(MulScalar(v, o.Beta2), MulScalar(Square(gradient), 1-o.Beta2))
	direction := Div(Div(newM, first), AddScalar(Div(Sqrt(newV), second), o.Epsilon))
	if decay && o.WeightDecay > 0 {
		direction = Add(direction, MulScalar(parameter, o.WeightDecay))
	}
	return Sub(parameter, Mul(rate, direction)), newM, newV
}
