package growth

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
)

// InitKind is a way to initialize duplicates.
type InitKind string

const (
	// Copy makes a duplicate equal to its source layer.
	Copy InitKind = "copy"
	// Zero sets the output projections of a duplicate, weights and biases, to
	// zero. The duplicate is then the identity in a pre-norm stack. In a
	// post-norm stack it is not, because its layer norms still act. The inner
	// matrices are copied: if both were zero, neither would get a gradient.
	Zero InitKind = "zero"
	// Gated copies the layer, and the model blends the duplicate in: h <- h + g
	// (T(h) - h), where g rises from 0 to 1 over GateSteps training steps. At
	// step 0 the duplicate is the identity in pre-norm and post-norm stacks.
	// The gate follows masked structural growth (Yao et al. 2024, arXiv
	// 2305.02869).
	Gated InitKind = "gated"
	// Scaled multiplies the output projections of a duplicate, weights and
	// biases, by Factor. In a pre-norm stack this is between Zero and Copy: the
	// duplicate adds Factor times what a copy adds.
	Scaled InitKind = "scaled"
	// Noise adds Gaussian noise to every tensor of a duplicate with at least
	// two axes (matrices, not biases and norms). The noise has mean 0 and a
	// standard deviation of Factor times the tensor's root mean square. It
	// breaks the symmetry between a duplicate and its source. The noise depends
	// only on Seed and the name of the grown tensor: it is drawn in row-major
	// order from rand.NewPCG(Seed, h), where h is the 64-bit FNV-1a hash of the
	// name.
	Noise InitKind = "noise"
	// Interpolate makes a duplicate the mean of two source layers: its own and
	// that of the next grown layer above it with a different source. New layers
	// in between are skipped, and a duplicate with no such layer above it is a
	// copy. In [0 0 1 1 2 2] the layers with odd indices are the mean of 0 and
	// 1, the mean of 1 and 2, and a copy of 2. Moments are averaged like
	// parameters: first moments are linear in the gradients, which are linear
	// in the parameters to first order. Second moments are a scale of
	// gradients, which should lie between those of the two layers; squared
	// coefficients would halve it.
	Interpolate InitKind = "interpolate"
	// Attenuated multiplies the attention scores of a duplicate by Factor: its
	// query and key projections, weights and biases, by the square root of it. With
	// a Factor below 1 a duplicate attends more evenly than its source, which has
	// attended already. Terms of relative positions are not products of queries and
	// keys: those of BERT change by the square root, the biases of T5 do not change.
	// The definition is this project's own.
	Attenuated InitKind = "attenuated"
	// ShrinkPerturb multiplies every tensor of a duplicate with at least two axes by
	// Factor, and adds noise to it as [Noise] does, with a standard deviation of the
	// field Noise times the root mean square before shrinking. Shrinking and
	// perturbing is how Ash and Adams 2020, On Warm-Starting Neural Network Training
	// (arXiv 1910.08475), go on from a trained model; they do it to all parameters,
	// with noise of a fixed size.
	ShrinkPerturb InitKind = "shrink-perturb"
)

var initKinds = []InitKind{Copy, Zero, Gated, Scaled, Noise, Interpolate, Attenuated, ShrinkPerturb}

// DefaultGateSteps is the default of [Init].GateSteps.
const DefaultGateSteps = 100

// Init is the initialization of duplicates. It does not change originals and
// new layers. Only [Interpolate] changes moments.
type Init struct {
	Kind      InitKind `json:"kind"`
	GateSteps int      `json:"gate_steps,omitempty"` // Gated: training steps until a gate is fully open
	Factor    float64  `json:"factor,omitempty"`     // Scaled: factor of the output projections; Attenuated: of the attention scores; ShrinkPerturb: of matrices; Noise: standard deviation relative to the root mean square
	Noise     float64  `json:"noise,omitempty"`      // ShrinkPerturb: standard deviation relative to the root mean square
	Seed      uint64   `json:"seed,omitempty"`       // Noise and ShrinkPerturb: seed
}

// String returns the init as in result.json: "copy", "gated(100)",
// "scaled(0.5)", "attenuated(0.5)", "shrink-perturb(0.6 0.01)", "noise(0.01)" or,
// with a seed other than 0, "noise(0.01 seed 7)".
func (i Init) String() string {
	var values []string
	if i.Kind == Gated {
		values = append(values, strconv.Itoa(i.GateSteps))
	}
	if i.Kind.hasFactor() {
		values = append(values, fmt.Sprintf("%g", i.Factor))
	}
	if i.Kind == ShrinkPerturb {
		values = append(values, fmt.Sprintf("%g", i.Noise))
	}
	if i.Kind.random() && i.Seed != 0 {
		values = append(values, fmt.Sprintf("seed %d", i.Seed))
	}
	if values == nil {
		return string(i.Kind)
	}
	return fmt.Sprintf("%s(%s)", i.Kind, strings.Join(values, " "))
}

// hasFactor reports whether the kind uses the field Factor.
func (k InitKind) hasFactor() bool {
	return k == Scaled || k == Noise || k == Attenuated || k == ShrinkPerturb
}

// random reports whether the kind uses the field Seed.
func (k InitKind) random() bool { return k == Noise || k == ShrinkPerturb }

// Validate returns an error for an unknown kind or a field that does not fit the kind.
func (i Init) Validate() error {
	factor := i.Kind.hasFactor()
	switch {
	case !slices.Contains(initKinds, i.Kind):
		return fmt.Errorf("init %q is unknown%s: choose one of %q", i.Kind, closest.Hint(i.Kind, initKinds), initKinds)
	case i.Kind != Gated && i.GateSteps != 0:
		return fmt.Errorf("init %q has gate_steps %d: only %q has a gate; leave gate_steps out", i.Kind, i.GateSteps, Gated)
	case i.Kind == Gated && i.GateSteps < 1:
		return fmt.Errorf("init %q has gate_steps %d: give the number of training steps until the gate is open, at least 1", i.Kind, i.GateSteps)
	case !factor && i.Factor != 0:
		return fmt.Errorf("init %q has factor %g: only %q, %q, %q and %q have one; leave factor out", i.Kind, i.Factor, Scaled, Noise, Attenuated, ShrinkPerturb)
	case factor && !(i.Factor > 0 && i.Factor <= maxFactor):
		return fmt.Errorf("init %q has factor %g: it must be above 0 and at most %d", i.Kind, i.Factor, maxFactor)
	case i.Kind != ShrinkPerturb && i.Noise != 0:
		return fmt.Errorf("init %q has noise %g: only %q has both a factor and noise; leave noise out", i.Kind, i.Noise, ShrinkPerturb)
	case i.Kind == ShrinkPerturb && !(i.Noise > 0 && i.Noise <= maxFactor):
		return fmt.Errorf("init %q has noise %g: it must be above 0 and at most %d", i.Kind, i.Noise, maxFactor)
	case !i.Kind.random() && i.Seed != 0:
		return fmt.Errorf("init %q has seed %d: only %q and %q are random; leave seed out", i.Kind, i.Seed, Noise, ShrinkPerturb)
	}
	return nil
}

// maxFactor is far above any sensible factor. It catches mistakes before they
// overflow float32.
const maxFactor = 1000

// projections returns the suffixes of the tensors that the init changes, what they
// are, and the field that lists them. what is "" if it changes no particular ones.
func (i Init) projections(stack Stack) (suffixes []string, what, field string) {
	switch i.Kind {
	case Zero, Scaled:
		return stack.OutputProjections, "output projections", "Stack.OutputProjections"
	case Attenuated:
		return stack.AttentionProjections, "query and key projections", "Stack.AttentionProjections"
	}
	return nil, "", ""
}

// changes reports whether change changes the tensors of a suffix.
func (i Init) changes(stack Stack, suffix string) bool {
	suffixes, _, _ := i.projections(stack)
	return i.Kind.random() || slices.Contains(suffixes, suffix)
}

// change applies the init in place to a copied tensor of a duplicate that it changes.
// name is its name in the grown model.
func (i Init) change(t Tensor, name string) {
	switch i.Kind {
	case Zero:
		clear(t.Data)
	case Scaled:
		scale(t, i.Factor)
	case Attenuated:
		scale(t, math.Sqrt(i.Factor))
	case Noise:
		addNoise(t, name, 1, i.Factor, i.Seed)
	case ShrinkPerturb:
		addNoise(t, name, i.Factor, i.Noise, i.Seed)
	}
}

// scale multiplies a tensor by a factor in place.
func scale(t Tensor, factor float64) {
	for i, x := range t.Data {
		t.Data[i] = float32(factor * float64(x))
	}
}

// addNoise multiplies the grown tensor with the given name by shrink, in place, and
// adds noise as [Noise] does.
func addNoise(t Tensor, name string, shrink, relative float64, seed uint64) {
	if len(t.Shape) < 2 {
		return
	}
	var squares float64
	for _, x := range t.Data {
		squares += float64(x) * float64(x)
	}
	deviation := relative * math.Sqrt(squares/float64(len(t.Data)))
	hash := fnv.New64a()
	hash.Write([]byte(name))
	rng := rand.New(rand.NewPCG(seed, hash.Sum64()))
	for i, x := range t.Data {
		t.Data[i] = float32(shrink*float64(x)) + float32(deviation*rng.NormFloat64()) // rounded before the sum on every architecture
	}
}

// partners returns, for each grown layer that [Interpolate] changes, the second
// source layer, and New for all others.
func (m Map) partners() []int {
	partners := make([]int, len(m))
	for i, duplicate := range m.Duplicates() {
		partners[i] = New
		for above := i + 1; duplicate && above < len(m) && partners[i] == New; above++ {
			if m[above] != m[i] {
				partners[i] = m[above]
			}
		}
	}
	return partners
}

// interpolates reports whether [Interpolate] changes any layer of the map.
func (m Map) interpolates() bool {
	for _, partner := range m.partners() {
		if partner != New {
			return true
		}
	}
	return false
}
