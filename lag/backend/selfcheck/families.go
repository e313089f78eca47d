package selfcheck

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// graphInputs are the [inputs] in a graph.
type graphInputs struct{ x, y, scale, weight, query, key, bias *Node }

// family is a kind of graph: how the engine computes it, and what it is.
type family struct {
	name  string
	graph func(in graphInputs) *Node
	want  func(in inputs) []float64
}

const epsilon = 1e-5

// gradient returns the gradient of the sum of y times a result, as training
// computes it.
func gradient(result, y, of *Node) *Node { return Gradient(ReduceAllSum(Mul(result, y)), of)[0] }

var families = []family{
	{"a sum of squares", func(in graphInputs) *Node { return ReduceAllSum(Square(in.x)) }, func(in inputs) []float64 {
		sum := 0.0
		for _, v := range in.x {
			sum += v * v
		}
		return []float64{sum}
	}},
	{"sums of squares of columns", func(in graphInputs) *Node { return ReduceSum(Square(in.x), 0) }, func(in inputs) []float64 {
		sums := make([]float64, in.width)
		for i, v := range in.x {
			sums[i%in.width] += v * v
		}
		return sums
	}},
	{"layer normalization", func(in graphInputs) *Node { return Mul(normalized(in.x), ExpandAxes(in.scale, 0)) }, func(in inputs) []float64 {
		return eachRow(in, func(x, _, out []float64) {
			n, _ := normalize(x)
			for i := range out {
				out[i] = n[i] * in.scale[i]
			}
		})
	}},
	{"the gradient of layer normalization", func(in graphInputs) *Node {
		return gradient(Mul(normalized(in.x), ExpandAxes(in.scale, 0)), in.y, in.x)
	}, func(in inputs) []float64 {
		return eachRow(in, func(x, y, out []float64) {
			n, deviation := normalize(x)
			var mean, along float64
			for i := range x {
				mean += y[i] * in.scale[i] / float64(len(x))
				along += y[i] * in.scale[i] * n[i] / float64(len(x))
			}
			for i := range out {
				out[i] = (y[i]*in.scale[i] - mean - n[i]*along) / deviation
			}
		})
	}},
	{"the gradient of layer normalization's scale", func(in graphInputs) *Node {
		return gradient(Mul(normalized(in.x), ExpandAxes(in.scale, 0)), in.y, in.scale)
	}, func(in inputs) []float64 {
		sums := make([]float64, in.width)
		eachRow(in, func(x, y, _ []float64) {
			n, _ := normalize(x)
			for i := range sums {
				sums[i] += y[i] * n[i]
			}
		})
		return sums
	}},
	{"the gradient of RMS normalization", func(in graphInputs) *Node {
		root := Sqrt(AddScalar(ReduceAndKeep(Square(in.x), ReduceMean, -1), epsilon))
		return gradient(Div(in.x, root), in.y, in.x)
	}, func(in inputs) []float64 {
		return eachRow(in, func(x, y, out []float64) {
			var square, along float64
			for i := range x {
				square += x[i] * x[i] / float64(len(x))
				along += x[i] * y[i] / float64(len(x))
			}
			root := math.Sqrt(square + epsilon)
			for i := range out {
				out[i] = y[i]/root - x[i]*along/(root*root*root)
			}
		})
	}},
	{"the gradient of a softmax", func(in graphInputs) *Node { return gradient(Softmax(in.x, -1), in.y, in.x) }, func(in inputs) []float64 {
		return eachRow(in, func(x, y, out []float64) {
			p := softmax(x)
			mean := 0.0
			for i := range p {
				mean += p[i] * y[i]
			}
			for i := range out {
				out[i] = p[i] * (y[i] - mean)
			}
		})
	}},
	{"the gradient of a cross-entropy", func(in graphInputs) *Node {
		labels := Iota(in.x.Graph(), in.x.Shape(), 0) // row r has the label r modulo the width
		labels = ConvertDType(Reshape(Slice(labels, AxisRange(), AxisElem(0)), rows), dtypes.Int32)
		width := in.x.Shape().Dimensions[1]
		labels = Sub(labels, MulScalar(Div(labels, Scalar(labels.Graph(), dtypes.Int32, width)), width))
		hot := OneHot(labels, width, dtypes.Float32)
		return Gradient(Neg(ReduceAllSum(Mul(hot, LogSoftmax(in.x, -1)))), in.x)[0]
	}, func(in inputs) []float64 {
		row := 0
		return eachRow(in, func(x, _, out []float64) {
			copy(out, softmax(x))
			out[row%in.width]--
			row++
		})
	}},
	{"a matrix product", func(in graphInputs) *Node { return Dot(in.x, in.weight).Product() }, func(in inputs) []float64 {
		return product(in.x, in.weight, rows, in.width, outs)
	}},
	{"the gradient of a dense layer's weights", func(in graphInputs) *Node {
		h := Tanh(Dot(Mul(in.x, ExpandAxes(in.scale, 0)), in.weight).Product())
		return Gradient(ReduceAllSum(Square(h)), in.weight)[0]
	}, func(in inputs) []float64 {
		scaled := make([]float64, len(in.x))
		for i, v := range in.x {
			scaled[i] = v * in.scale[i%in.width]
		}
		h := product(scaled, in.weight, rows, in.width, outs)
		for i, v := range h {
			t := math.Tanh(v)
			h[i] = 2 * t * (1 - t*t)
		}
		return product(transpose(scaled, rows, in.width), h, in.width, rows, outs)
	}},
	{"a batched product plus what is broadcast", func(in graphInputs) *Node {
		return Add(Einsum("bqd,bkd->bqk", in.query, in.key), ExpandAxes(in.bias, 0))
	}, func(in inputs) []float64 { return scores(in) }},
	{"attention", func(in graphInputs) *Node {
		p := Softmax(Add(Einsum("bqd,bkd->bqk", in.query, in.key), ExpandAxes(in.bias, 0)), -1)
		return Einsum("bqk,bkd->bqd", p, Mul(in.key, ExpandAxes(in.scale, 0, 1)))
	}, func(in inputs) []float64 {
		s := scores(in)
		values := make([]float64, len(in.key))
		for i, v := range in.key {
			values[i] = v * in.scale[i%in.width]
		}
		var out []float64
		for b := range batch {
			p := s[b*left*right : (b+1)*left*right]
			for i := 0; i < len(p); i += right {
				copy(p[i:i+right], softmax(p[i:i+right]))
			}
			out = append(out, product(p, values[b*right*in.width:(b+1)*right*in.width], left, right, in.width)...)
		}
		return out
	}},
	{"an update of Adam's", func(in graphInputs) *Node {
		norm := Sqrt(ReduceAllSum(Square(in.x)))
		g := Div(in.x, MaxScalar(norm, 1))
		return Sub(in.y, MulScalar(Div(g, AddScalar(Sqrt(Square(g)), 1e-3)), 0.1))
	}, func(in inputs) []float64 {
		norm, out := 0.0, make([]float64, len(in.x))
		for _, v := range in.x {
			norm += v * v
		}
		norm = max(math.Sqrt(norm), 1)
		for i, v := range in.x {
			g := v / norm
			out[i] = in.y[i] - 0.1*g/(math.Abs(g)+1e-3)
		}
		return out
	}},
}

// normalized normalizes the rows of x.
func normalized(x *Node) *Node {
	centered := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	return Div(centered, Sqrt(AddScalar(ReduceAndKeep(Square(centered), ReduceMean, -1), epsilon)))
}

// normalize returns a normalized row and what it was divided by.
func normalize(x []float64) (n []float64, deviation float64) {
	var mean, variance float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	deviation = math.Sqrt(variance + epsilon)
	for _, v := range x {
		n = append(n, (v-mean)/deviation)
	}
	return n, deviation
}

func softmax(x []float64) []float64 {
	largest, sum, p := math.Inf(-1), 0.0, make([]float64, len(x))
	for _, v := range x {
		largest = max(largest, v)
	}
	for i, v := range x {
		p[i] = math.Exp(v - largest)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// eachRow computes a result of the shape of x row by row.
func eachRow(in inputs, row func(x, y, out []float64)) []float64 {
	out := make([]float64, len(in.x))
	for i := 0; i < len(out); i += in.width {
		row(in.x[i:i+in.width], in.y[i:i+in.width], out[i:i+in.width])
	}
	return out
}

// product returns the product of an n × m and an m × k matrix.
func product(a, b []float64, n, m, k int) []float64 {
	out := make([]float64, n*k)
	for i := range n {
		for j := range m {
			for l := range k {
				out[i*k+l] += a[i*m+j] * b[j*k+l]
			}
		}
	}
	return out
}

// transpose returns the transpose of an n × m matrix.
func transpose(a []float64, n, m int) []float64 {
	out := make([]float64, len(a))
	for i := range n {
		for j := range m {
			out[j*n+i] = a[i*m+j]
		}
	}
	return out
}

// scores returns the products of queries and keys plus the bias.
func scores(in inputs) (list []float64) {
	w := in.width
	for b := range batch {
		key := in.key[b*right*w : (b+1)*right*w]
		list = append(list, product(in.query[b*left*w:(b+1)*left*w], transpose(key, right, w), left, w, right)...)
	}
	for i := range list {
		list[i] += in.bias[i%(left*right)]
	}
	return list
}
