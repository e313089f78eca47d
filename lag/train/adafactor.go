package train

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

const adafactorName = "adafactor"

// Adafactor is Adam that stores the second moment of a matrix as the means of
// its rows and columns (Shazeer and Stern 2018, algorithms 4 to 6). It computes
// the same as the class Adafactor of Hugging Face's transformers 4.57.3,
// optimization.py, whose settings have the same names; eps1 and eps2 are its
// eps.
//
// The n-th update of a parameter W with gradient G is
//
//	β    = 1 - n^decay_rate
//	V    = β·V + (1-β)·(G² + eps1)          for a matrix: its row and column means R and C
//	U    = G/√V                             for a matrix: V = R·Cᵀ/mean(R)
//	U    = U/max(1, RMS(U)/clip_threshold)
//	a    = rate·max(eps2, RMS(W))           without scale_parameter: rate
//	M    = beta1·M + (1-beta1)·a·U          without beta1: a·U
//	W    = W - weight_decay·a·W - M
//
// A matrix that growth has set to zero therefore changes slowly: its updates
// have eps2 times the rate as root mean square.
type Adafactor struct {
	Epsilon1       float64 `json:"eps1"`                   // added to the squared gradient
	Epsilon2       float64 `json:"eps2"`                   // least scale of a parameter
	ClipThreshold  float64 `json:"clip_threshold"`         // greatest root mean square of an update, before multiplication by the rate
	DecayRate      float64 `json:"decay_rate"`             // negative exponent
	Beta1          float64 `json:"beta1"`                  // decay of the first moment; 0 means no first moment
	WeightDecay    float64 `json:"weight_decay"`           // for parameters declared with Decay
	ScaleParameter bool    `json:"scale_parameter"`        // make the rate relative to the parameter's root mean square
	RelativeStep   bool    `json:"relative_step"`          // multiply the schedule's rate by min(0.01, 1/√n); with rate 1 that is transformers' relative step
	WarmUpInit     bool    `json:"warmup_init"`            // with RelativeStep: use 1e-6·n in place of 0.01
	MinFactored    int     `json:"min_dim_size_to_factor"` // factor tensors whose last two axes are at least this long; 0 factors all with two or more axes, as transformers does; T5 has 128
	ClipNorm       float64 `json:"clip_norm"`              // greatest global norm of the gradient; 0 means no clipping
}

// NewAdafactor returns T5's settings (Raffel et al. 2020, section 3.1.2, and
// mesh_tensorflow, optimize.py, AdafactorOptimizer), except that it factors all
// matrices. For T5's learning rate see [Schedule].
func NewAdafactor() Adafactor {
	return Adafactor{Epsilon1: 1e-30, Epsilon2: 1e-3, ClipThreshold: 1, DecayRate: -0.8, ScaleParameter: true}
}

// Validate reports the first invalid setting.
func (o Adafactor) Validate() error {
	switch {
	case !(o.Epsilon1 > 0) || !(o.Epsilon2 >= 0):
		return fmt.Errorf("adafactor: eps1 is %g, eps2 %g; eps1 must be positive, eps2 not negative", o.Epsilon1, o.Epsilon2)
	case !(o.ClipThreshold > 0):
		return fmt.Errorf("adafactor: clip_threshold is %g; it must be positive", o.ClipThreshold)
	case !(o.DecayRate < 0):
		return fmt.Errorf("adafactor: decay_rate is %g; it must be negative, the exponent of 1 - n^decay_rate", o.DecayRate)
	case !(o.Beta1 >= 0 && o.Beta1 < 1):
		return fmt.Errorf("adafactor: beta1 %g must lie in [0, 1); 0 keeps no first moment", o.Beta1)
	case !(o.WeightDecay >= 0) || !(o.ClipNorm >= 0):
		return fmt.Errorf("adafactor: weight_decay %g and clip_norm %g must not be negative", o.WeightDecay, o.ClipNorm)
	case o.WarmUpInit && !o.RelativeStep:
		return fmt.Errorf("adafactor: warmup_init needs relative_step; without it the schedule warms up")
	case o.MinFactored < 0:
		return fmt.Errorf("adafactor: min_dim_size_to_factor is %d; it must not be negative", o.MinFactored)
	}
	return nil
}

// Name returns "adafactor".
func (o Adafactor) Name() string { return adafactorName }

func (o Adafactor) clipNorm() float64 { return o.ClipNorm }

func (o Adafactor) factored(shape []int) bool {
	n := len(shape)
	return n >= 2 && min(shape[n-2], shape[n-1]) >= o.MinFactored
}

// moments returns "first" if Beta1 > 0, followed by "row" and "column" for a
// factored parameter, or "second" otherwise.
func (o Adafactor) moments(p transformer.Param) []Moment {
	var list []Moment
	if o.Beta1 > 0 {
		list = append(list, Moment{"first", p.Shape})
	}
	if !o.factored(p.Shape) {
		return append(list, Moment{"second", p.Shape})
	}
	n := len(p.Shape)
	return append(list, Moment{"row", slices.Clone(p.Shape[:n-1])}, Moment{"column", slices.Delete(slices.Clone(p.Shape), n-2, n-1)})
}

// scalars returns β, 1-β and the relative step. 1-β is not computed in the
// graph, because float32 would lose digits for β near 1.
func (o Adafactor) scalars(n int) []float32 {
	rest, relative := math.Pow(float64(n), o.DecayRate), 1.0
	if o.RelativeStep {
		relative = 1e-2
		if o.WarmUpInit {
			relative = 1e-6 * float64(n)
		}
		relative = min(relative, 1/math.Sqrt(float64(n)))
	}
	return []float32{float32(1 - rest), float32(rest), float32(relative)}
}

func (o Adafactor) update(p transformer.Param, t tensorUpdate) (*Node, func(*Node) []*Node) {
	gradient, moments, scalars := Mul(t.gradient, t.clip), t.moments, t.scalars
	average := func(old, new *Node) *Node { return Add(Mul(old, scalars[0]), Mul(new, scalars[1])) }
	var first *Node
	if o.Beta1 > 0 {
		first, moments = moments[0], moments[1:]
	}
	squares := AddScalar(Square(gradient), o.Epsilon1)
	var second []*Node
	direction := gradient
	if o.factored(p.Shape) {
		row, column := average(moments[0], ReduceMean(squares, -1)), average(moments[1], ReduceMean(squares, -2))
		second = []*Node{row, column}
		// Take the roots separately: the product of row and column can underflow.
		scale := Inverse(Sqrt(Div(row, ReduceAndKeep(row, ReduceMean, -1))))
		direction = Mul(direction, InsertAxes(scale, -1))
		direction = Mul(direction, InsertAxes(Inverse(Sqrt(column)), -2))
	} else {
		second = []*Node{average(moments[0], squares)}
		direction = Div(direction, Sqrt(second[0]))
	}
	direction = Div(direction, MaxScalar(DivScalar(rootMeanSquare(direction), o.ClipThreshold), 1))
	step := Mul(t.rate, scalars[2])
	if o.ScaleParameter {
		step = Mul(step, MaxScalar(rootMeanSquare(t.parameter), o.Epsilon2))
	}
	direction = Mul(direction, step)
	if first != nil {
		direction = Add(MulScalar(first, o.Beta1), MulScalar(direction, 1-o.Beta1))
		second = slices.Insert(second, 0, direction)
	}
	change := Neg(direction)
	if p.Decay && o.WeightDecay > 0 {
		change = Sub(change, Mul(t.parameter, MulScalar(step, o.WeightDecay)))
	}
	return change, t.choose(second)
}

func rootMeanSquare(x *Node) *Node { return Sqrt(ReduceAllMean(Square(x))) }
