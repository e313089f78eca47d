package train

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

const adamwName = "adamw"

// AdamW is Adam with decoupled weight decay and bias correction (Loshchilov
// and Hutter 2019, algorithm 2) and clipping by global norm. Weight decay
// applies to the parameters declared with Decay.
type AdamW struct {
	Beta1       float64 `json:"beta1"`        // decay of the first moment
	Beta2       float64 `json:"beta2"`        // decay of the second moment
	Epsilon     float64 `json:"eps"`          // added to the root of the second moment
	WeightDecay float64 `json:"weight_decay"` // each step subtracts learning rate x WeightDecay x parameter
	ClipNorm    float64 `json:"clip_norm"`    // greatest global norm of the gradient; 0 means no clipping
}

// NewAdamW returns BERT's settings (Devlin et al. 2019, appendix A.2, and
// google-research/bert, optimization.py).
func NewAdamW() AdamW {
	return AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-6, WeightDecay: 0.01, ClipNorm: 1}
}

// Validate reports the first invalid setting.
func (o AdamW) Validate() error {
	if err := o.check(); err != nil {
		return fmt.Errorf("%s: %w", adamwName, err)
	}
	return nil
}

func (o AdamW) check() error {
	switch {
	case !(o.Beta1 >= 0 && o.Beta1 < 1) || !(o.Beta2 >= 0 && o.Beta2 < 1):
		return fmt.Errorf("beta1 %g and beta2 %g must lie in [0, 1)", o.Beta1, o.Beta2)
	case !(o.Epsilon > 0):
		return fmt.Errorf("eps is %g; it must be positive", o.Epsilon)
	case !(o.WeightDecay >= 0) || !(o.ClipNorm >= 0):
		return fmt.Errorf("weight_decay %g and clip_norm %g must not be negative", o.WeightDecay, o.ClipNorm)
	}
	return nil
}

// Name returns "adamw".
func (o AdamW) Name() string { return adamwName }

func (o AdamW) clipNorm() float64 { return o.ClipNorm }

func (o AdamW) moments(p transformer.Param) []Moment {
	return []Moment{{"first", p.Shape}, {"second", p.Shape}}
}

// scalars returns the bias corrections 1-beta1^n and sqrt(1-beta2^n).
func (o AdamW) scalars(n int) []float32 {
	return []float32{float32(1 - math.Pow(o.Beta1, float64(n))), float32(math.Sqrt(1 - math.Pow(o.Beta2, float64(n))))}
}

func (o AdamW) update(p transformer.Param, t tensorUpdate) (*Node, func(*Node) []*Node) {
	return Neg(Mul(t.rate, o.direction(p, t))), o.next(t)
}

// direction returns the update for a rate of 1, to be subtracted.
func (o AdamW) direction(p transformer.Param, t tensorUpdate) *Node {
	gradient := Mul(t.gradient, t.clip)
	m := Add(MulScalar(t.moments[0], o.Beta1), MulScalar(gradient, 1-o.Beta1))
	v := Add(MulScalar(t.moments[1], o.Beta2), MulScalar(Square(gradient), 1-o.Beta2))
	direction := Div(Div(m, t.scalars[0]), AddScalar(Div(Sqrt(v), t.scalars[1]), o.Epsilon))
	if p.Decay && o.WeightDecay > 0 {
		direction = Add(direction, MulScalar(t.parameter, o.WeightDecay))
	}
	return direction
}

// next returns a function for the new moments. Its factors are written
// differently from those in direction. Otherwise XLA would merge the two, write
// the moments to memory for direction, and read them again.
func (o AdamW) next(t tensorUpdate) func(apply *Node) []*Node {
	return func(apply *Node) []*Node {
		one, zero := ScalarOne(t.clip.Graph(), t.clip.DType()), ScalarZero(t.clip.Graph(), t.clip.DType())
		gradient, clip := Where(apply, t.gradient, ZerosLike(t.gradient)), Where(apply, t.clip, zero)
		keep := func(moment *Node, beta float64) *Node { return Mul(moment, Where(apply, MulScalar(one, beta), one)) }
		return []*Node{
			Add(keep(t.moments[0], o.Beta1), Mul(gradient, MulScalar(clip, 1-o.Beta1))),
			Add(keep(t.moments[1], o.Beta2), MulScalar(Square(Mul(gradient, clip)), 1-o.Beta2)),
		}
	}
}
