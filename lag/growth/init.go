package growth

import "fmt"

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
)

// DefaultGateSteps is the length of the gate's ramp where none is chosen.
const DefaultGateSteps = 100

// Init says how duplicates start. It does not touch originals and new layers.
type Init struct {
	Kind      InitKind `json:"kind"`
	GateSteps int      `json:"gate_steps,omitempty"` // training steps until a gate is fully open; Gated only
}

// String is the init as result.json has it: "copy", "zero", "gated(100)".
func (i Init) String() string {
	if i.Kind == Gated {
		return fmt.Sprintf("%s(%d)", i.Kind, i.GateSteps)
	}
	return string(i.Kind)
}

// Validate reports an unknown kind, or a number of gate steps that does not
// fit the kind.
func (i Init) Validate() error {
	switch i.Kind {
	case Copy, Zero:
		if i.GateSteps != 0 {
			return fmt.Errorf("init %q has gate_steps %d: only %q has a gate; leave gate_steps out", i.Kind, i.GateSteps, Gated)
		}
	case Gated:
		if i.GateSteps < 1 {
			return fmt.Errorf("init %q has gate_steps %d: give the training steps, at least 1, until the gate is open", i.Kind, i.GateSteps)
		}
	default:
		return fmt.Errorf("init %q is unknown: choose %q, %q or %q", i.Kind, Copy, Zero, Gated)
	}
	return nil
}
