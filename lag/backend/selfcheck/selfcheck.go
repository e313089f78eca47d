// Package selfcheck compares what an engine computes with float64 arithmetic in
// plain Go: the kinds of graphs that training a Transformer needs, at odd and
// even widths. An engine's compiler fuses operations differently for each shape,
// so that a wrong fusion may show at some widths only.
package selfcheck

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Widths are hidden sizes around those at which kernels change: powers of two,
// multiples of a vector's length, their neighbors, and primes.
var Widths = []int{1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 48, 63, 64, 65, 96, 127, 129}

// Few are enough of [Widths] for a check that takes some seconds.
var Few = []int{1, 7, 17, 33, 48, 64, 127}

// Limit is the largest difference that rounding explains, as a share of the
// largest value of a result. On XLA's CPU and on the pure-Go engine differences
// were up to 4e-5 at widths 1 and 2, where the normalizations' gradients cancel,
// and up to 7e-6 elsewhere.
const Limit = 1e-4

// Report says what was compared.
type Report struct {
	Families int     // kinds of graphs
	Widths   int     // each at so many widths
	Worst    float64 // largest difference, as a share of the largest value of the result
	Where    string  // of the largest difference
}

func (r Report) String() string {
	return fmt.Sprintf("%d kinds of graphs at %d widths agree with float64 to %.0e", r.Families, r.Widths, r.Worst)
}

// WrongError says that an engine computes something wrong.
type WrongError struct {
	Family string
	Width  int
	Index  int // of the value among those of the result
	Got    float64
	Want   float64
}

func (e *WrongError) Error() string {
	return fmt.Sprintf("the engine computes %s wrongly at width %d: value %d is %g, in float64 %g; its models cannot be trusted, so use another plugin or the backend \"go\"",
		e.Family, e.Width, e.Index, e.Got, e.Want)
}

// Run compares an engine at some widths, such as [Widths]. The error wraps
// [WrongError] if a result is wrong by more than [Limit], and is another if the
// engine cannot compute one. Between widths Run checks the context.
func Run(ctx context.Context, b compute.Backend, widths []int) (Report, error) {
	r := Report{Families: len(families), Widths: len(widths)}
	for _, width := range widths {
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		if err := r.compare(b, width); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Sizes of the other axes. They are odd, so that no axis is a multiple of
// another.
const (
	rows  = 37
	outs  = 11 // columns of products
	batch = 3
	left  = 13 // rows of each batch
	right = 7
)

// compare runs all families at one width in one program.
func (r *Report) compare(b compute.Backend, width int) (err error) {
	in := newInputs(width)
	exec, err := NewExec(b, func(args []*Node) []*Node {
		g := graphInputs{args[0], args[1], args[2], args[3], args[4], args[5], args[6]}
		results := make([]*Node, len(families))
		for i, f := range families {
			results[i] = f.graph(g)
		}
		return results
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	out, err := exec.Call(in.tensors()...)
	if err != nil {
		return fmt.Errorf("graphs of width %d: %w", width, err)
	}
	for i, f := range families {
		got, err := tensors.CopyFlatData[float32](out[i])
		if err == nil {
			err = out[i].FinalizeAll()
		}
		if err != nil {
			return fmt.Errorf("%s at width %d: %w", f.name, width, err)
		}
		if err := r.check(f.name, width, got, f.want(in)); err != nil {
			return err
		}
	}
	return nil
}

// check compares one result.
func (r *Report) check(family string, width int, got []float32, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s at width %d has %d values, want %d", family, width, len(got), len(want))
	}
	largest := 0.0
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	largest = max(largest, 0.1) // what cancels in float64 leaves a little in float32
	for i, w := range want {
		off := math.Abs(float64(got[i])-w) / largest
		if !(off <= Limit) { // also NaN
			return &WrongError{family, width, i, float64(got[i]), w}
		}
		if off > r.Worst {
			r.Worst, r.Where = off, fmt.Sprintf("%s at width %d", family, width)
		}
	}
	return nil
}

// inputs are random numbers, in row-major order.
type inputs struct {
	width      int
	x, y       []float64 // [rows, width]
	scale      []float64 // [width]
	weight     []float64 // [width, outs]
	query, key []float64 // [batch, left, width] and [batch, right, width]
	bias       []float64 // [left, right]
}

func newInputs(width int) inputs {
	random := rand.New(rand.NewPCG(16, uint64(width)))
	numbers := func(n int) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = float64(float32(random.NormFloat64())) // as the engine gets it
		}
		return list
	}
	return inputs{
		width: width, x: numbers(rows * width), y: numbers(rows * width), scale: numbers(width), weight: numbers(width * outs),
		query: numbers(batch * left * width), key: numbers(batch * right * width), bias: numbers(left * right),
	}
}

// tensors returns the inputs in the order of graphInputs.
func (in inputs) tensors() []any {
	tensor := func(values []float64, dimensions ...int) any {
		flat := make([]float32, len(values))
		for i, v := range values {
			flat[i] = float32(v)
		}
		return tensors.FromFlatDataAndDimensions(flat, dimensions...)
	}
	w := in.width
	return []any{
		tensor(in.x, rows, w), tensor(in.y, rows, w), tensor(in.scale, w), tensor(in.weight, w, outs),
		tensor(in.query, batch, left, w), tensor(in.key, batch, right, w), tensor(in.bias, left, right),
	}
}
