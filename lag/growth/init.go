package growth

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// InitKind names what becomes of duplicates.
type InitKind string

const (
	// Copy leaves a duplicate as it is: equal to its source layer.
	Copy InitKind = "copy"
	// Zero sets the output projections of a duplicate, weights and biases, to
	// zero. The duplicate is then the identity in a pre-norm stack, but not in
	// a post-norm one, where its layer norms still act. The inner matrices
	// stay: with both at zero no gradient would reach either.
	Zero InitKind = "zero"
	// Gated copies, and has the model blend the duplicate in:
	// h <- h + g (T(h) - h), g rising from 0 to 1 over GateSteps training steps.
	// At step 0 the duplicate is the identity wherever the norms stand.
	// Gated as in masked structural growth (Yao et al. 2024, arXiv 2305.02869).
	Gated InitKind = "gated"
	// Scaled multiplies the output projections of a duplicate, weights and
	// biases, by Factor: between Zero and Copy in a pre-norm stack, where the
	// duplicate then adds Factor times what a copy would.
	Scaled InitKind = "scaled"
	// Noise adds to every tensor of a duplicate that has at least two axes
	// (matrices, not biases and norms) Gaussian noise of mean 0 and of a
	// standard deviation of Factor times the tensor's root mean square. It
	// breaks the symmetry between a duplicate and its source. The numbers
	// depend on Seed and the grown tensor's name alone: one tensor's are those
	// of rand.NewPCG(Seed, h), h the 64-bit FNV-1a hash of the name, in
	// row-major order.
	Noise InitKind = "noise"
	// Interpolate makes a duplicate the mean of its source layer and the source
	// layer of the next grown layer above it that has another source; a
	// duplicate with none above, and new layers in between, are passed over:
	// [0 0 1 1 2 2] has at its odd places the means of 0 and 1, of 1 and 2, and
	// a copy of 2. It applies to parameters and moments alike. A first moment is
	// linear in gradients, as they are in the parameters to first order; a
	// second moment is a scale of gradients, and that of a layer between two
	// lies between theirs, where squared coefficients would halve it.
	Interpolate InitKind = "interpolate"
)

var initKinds = []InitKind{Copy, Zero, Gated, Scaled, Noise, Interpolate}

// DefaultGateSteps is the length of the gate's ramp where none is chosen.
const DefaultGateSteps = 100

// Init says how duplicates start. It does not touch originals and new layers,
// and, but for [Interpolate], no moments.
type Init struct {
	Kind      InitKind `json:"kind"`
	GateSteps int      `json:"gate_steps,omitempty"` // training steps until a gate is fully open; Gated only
	Factor    float64  `json:"factor,omitempty"`     // of the output projections (Scaled), or of the root mean square (Noise)
	Seed      uint64   `json:"seed,omitempty"`       // Noise only
}

// String is the init as result.json has it: "copy", "gated(100)",
// "scaled(0.5)", "noise(0.01)" or, with a seed other than 0, "noise(0.01 seed 7)".
func (i Init) String() string {
	switch {
	case i.Kind == Gated:
		return fmt.Sprintf("%s(%d)", i.Kind, i.GateSteps)
	case i.Kind == Noise && i.Seed != 0:
		return fmt.Sprintf("%s(%g seed %d)", i.Kind, i.Factor, i.Seed)
	case i.Kind == Noise || i.Kind == Scaled:
		return fmt.Sprintf("%s(%g)", i.Kind, i.Factor)
	}
	return string(i.Kind)
}

// Validate reports an unknown kind, or a field that does not fit the kind.
func (i Init) Validate() error {
	known := false
	for _, kind := range initKinds {
		known = known || i.Kind == kind
	}
	factor := i.Kind == Scaled || i.Kind == Noise
	switch {
	case !known:
		return fmt.Errorf("init %q is unknown: choose one of %q", i.Kind, initKinds)
	case i.Kind != Gated && i.GateSteps != 0:
		return fmt.Errorf("init %q has gate_steps %d: only %q has a gate; leave gate_steps out", i.Kind, i.GateSteps, Gated)
	case i.Kind == Gated && i.GateSteps < 1:
		return fmt.Errorf("init %q has gate_steps %d: give the training steps, at least 1, until the gate is open", i.Kind, i.GateSteps)
	case !factor && i.Factor != 0:
		return fmt.Errorf("init %q has factor %g: only %q and %q have one; leave factor out", i.Kind, i.Factor, Scaled, Noise)
	case factor && !(i.Factor > 0 && i.Factor <= maxFactor):
		return fmt.Errorf("init %q has factor %g: give one above 0, at most %d", i.Kind, i.Factor, maxFactor)
	case i.Kind != Noise && i.Seed != 0:
		return fmt.Errorf("init %q has seed %d: only %q is random; leave seed out", i.Kind, i.Seed, Noise)
	}
	return nil
}

// maxFactor is far above any sensible factor. It keeps a slip from overflowing
// float32 unnoticed.
const maxFactor = 1000

// change makes a copied tensor of a duplicate, in place, what the init asks for.
// name is its name in the grown model.
func (i Init) change(t Tensor, name string, outputProjection bool) {
	switch {
	case i.Kind == Zero && outputProjection:
		clear(t.Data)
	case i.Kind == Scaled && outputProjection:
		scale(t, i.Factor)
	case i.Kind == Noise:
		addNoise(t, name, i)
	}
}

// scale multiplies a tensor by a factor, in place.
func scale(t Tensor, factor float64) {
	for i, x := range t.Data {
		t.Data[i] = float32(factor * float64(x))
	}
}

// addNoise is [Noise], in place, on the grown tensor of that name.
func addNoise(t Tensor, name string, init Init) {
	if len(t.Shape) < 2 {
		return
	}
	var squares float64
	for _, x := range t.Data {
		squares += float64(x) * float64(x)
	}
	deviation := init.Factor * math.Sqrt(squares/float64(len(t.Data)))
	hash := fnv.New64a()
	hash.Write([]byte(name))
	rng := rand.New(rand.NewPCG(init.Seed, hash.Sum64()))
	for i := range t.Data {
		t.Data[i] += float32(deviation * rng.NormFloat64())
	}
}

// partners returns, for each grown layer that [Interpolate] mixes, the source
// layer to mix in; New for all others.
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

// interpolates reports whether [Interpolate] changes a layer of the map.
func (m Map) interpolates() bool {
	for _, partner := range m.partners() {
		if partner != New {
			return true
		}
	}
	return false
}
