package train

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

const lambName = "lamb"

// LAMB is Adam with updates whose norm is proportional to the norm of the
// tensor (You et al. 2020, algorithm 2). With r the direction of [AdamW],
// including bias correction and weight decay, the update of a tensor w is
//
//	w = w - rate·(‖w‖/‖r‖)·r
//
// The ratio is 1 if either norm is 0, and φ is the identity. As in the authors'
// code (google-research/albert, lamb_optimizer.py) it is also 1 for the
// parameters without weight decay, which are biases and norms: otherwise a bias
// that starts at zero would hardly change. A matrix that growth has set to zero
// also hardly changes after its first update, which gives it a small norm.
type LAMB struct {
	Beta1       float64 `json:"beta1"`        // decay of the first moment
	Beta2       float64 `json:"beta2"`        // decay of the second moment
	Epsilon     float64 `json:"eps"`          // added to the root of the second moment
	WeightDecay float64 `json:"weight_decay"` // for parameters declared with Decay
	ClipNorm    float64 `json:"clip_norm"`    // greatest global norm of the gradient; 0 means no clipping
}

// NewLAMB returns the authors' settings for BERT (You et al. 2020, section 4.1).
func NewLAMB() LAMB {
	return LAMB{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-6, WeightDecay: 0.01, ClipNorm: 1}
}

// adam returns the optimizer that computes the direction.
func (o LAMB) adam() AdamW { return AdamW(o) }

// Validate reports the first invalid setting.
func (o LAMB) Validate() error {
	if err := o.adam().check(); err != nil {
		return fmt.Errorf("%s: %w", lambName, err)
	}
	return nil
}

// Name returns "lamb".
func (o LAMB) Name() string { return lambName }

func (o LAMB) clipNorm() float64                    { return o.ClipNorm }
func (o LAMB) moments(p transformer.Param) []Moment { return o.adam().moments(p) }
func (o LAMB) scalars(n int) []float32              { return o.adam().scalars(n) }

func (o LAMB) update(p transformer.Param, t tensorUpdate) (*Node, func(*Node) []*Node) {
	direction, rate := o.adam().direction(p, t), t.rate
	if p.Decay {
		length, step := L2Norm(t.parameter), L2Norm(direction)
		known := And(GreaterThan(length, ZerosLike(length)), GreaterThan(step, ZerosLike(step)))
		rate = Mul(rate, Where(known, Div(length, step), OnesLike(length)))
	}
	return Neg(Mul(rate, direction)), o.adam().next(t)
}
