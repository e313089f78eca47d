package transformer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
)

// Limits for configurations, which may come from untrusted files. Beyond these
// limits, listing the parameters could use all memory.
const (
	MaxLayers = 10_000  // layers of a stack
	MaxSize   = 1 << 24 // any other dimension
)

// Param declares one trainable tensor of a model.
type Param struct {
	Name  string // unique in the model, as in Hugging Face's checkpoint of the family
	Shape []int  // a dense layer's weight is [outputs, inputs]
	Init  Initializer
	Decay bool // whether weight decay applies; false for biases and normalization
}

// Size returns the number of elements.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Count returns the number of elements of all parameters.
func Count(parameters []Param) int {
	n := 0
	for _, p := range parameters {
		n += p.Size()
	}
	return n
}

// Initializer fills a parameter's elements, row-major, at the start of training.
type Initializer func(rng *rand.Rand, shape []int, values []float32)

// ZeroInit initializes biases.
func ZeroInit(_ *rand.Rand, _ []int, values []float32) { clear(values) }

// OneInit initializes the scale of a normalization.
func OneInit(_ *rand.Rand, _ []int, values []float32) {
	for i := range values {
		values[i] = 1
	}
}

// TruncatedNormal returns an initializer that draws from N(0, stddev),
// truncated at two standard deviations, as BERT's reference implementation does
// (google-research/bert, modeling.py, create_initializer).
func TruncatedNormal(stddev float64) Initializer {
	return func(rng *rand.Rand, _ []int, values []float32) {
		for i := range values {
			x := rng.NormFloat64()
			for math.Abs(x) > 2 {
				x = rng.NormFloat64()
			}
			values[i] = float32(x * stddev)
		}
	}
}

// Sinusoids returns an initializer that fills a [positions, H] table with the
// fixed position encoding of Vaswani et al. 2017, section 3.5, scaled to the
// root mean square rms. Training then changes the table.
func Sinusoids(rms float64) Initializer {
	return func(_ *rand.Rand, shape []int, values []float32) {
		hidden := shape[1]
		for i := range values {
			position, column := float64(i/hidden), i%hidden
			angle := position / math.Pow(10000, float64(column/2*2)/float64(hidden))
			if column%2 == 0 {
				values[i] = float32(math.Sin(angle) * rms * math.Sqrt2)
			} else {
				values[i] = float32(math.Cos(angle) * rms * math.Sqrt2)
			}
		}
	}
}

// Initialize returns the parameter's initial values. They depend only on the
// seed, the name and the shape, not on the order of declarations or the depth
// of the model.
func (p Param) Initialize(seed int64) []float32 {
	var key [32]byte = sha256.Sum256(fmt.Appendf(binary.LittleEndian.AppendUint64(nil, uint64(seed)), "%s%v", p.Name, p.Shape))
	values := make([]float32, p.Size())
	p.Init(rand.New(rand.NewChaCha8(key)), p.Shape, values)
	return values
}

// Weights are the graph nodes of a model's parameters, by name.
type Weights struct {
	nodes  map[string]*Node
	prefix string
}

// NewWeights returns the weights for declared parameters and their nodes, given in the
// same order.
func NewWeights(parameters []Param, nodes []*Node) Weights {
	byName := make(map[string]*Node, len(nodes))
	for i, p := range parameters {
		byName[p.Name] = nodes[i]
	}
	return Weights{nodes: byName}
}

// In returns the weights below a prefix: in w.In("encoder.layer.", 3) the
// weight "encoder.layer.3.output.bias" has the name "output.bias".
func (w Weights) In(path ...any) Weights {
	return Weights{nodes: w.nodes, prefix: w.prefix + fmt.Sprint(path...) + "."}
}

// Get returns the node of a parameter. It panics if there is none. Functions
// that build graphs panic, and compiling the graph recovers the error.
func (w Weights) Get(name string) *Node {
	node, ok := w.nodes[w.prefix+name]
	if !ok {
		panic(fmt.Errorf("the model has no parameter %q", w.prefix+name))
	}
	return node
}
