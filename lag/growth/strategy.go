package growth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
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

// Moments is the policy for the optimizer's moments. Those of new layers
// always start at zero.
type Moments string

const (
	// MomentsCopy moves the moments with their layer, into duplicates too.
	MomentsCopy Moments = "copy"
	// MomentsZeroDuplicates is MomentsCopy with the moments of duplicates at zero.
	MomentsZeroDuplicates Moments = "zero-duplicates"
	// MomentsReset sets every moment to zero, those outside the stack included.
	MomentsReset Moments = "reset"
)

// Validate reports an unknown policy.
func (m Moments) Validate() error {
	switch m {
	case MomentsCopy, MomentsZeroDuplicates, MomentsReset:
		return nil
	}
	return fmt.Errorf("moments %q is unknown: choose %q, %q or %q", m, MomentsCopy, MomentsZeroDuplicates, MomentsReset)
}

// Strategy is a way to grow a stack in depth.
type Strategy struct {
	Name    string  `json:"name"` // unique in a pool
	Map     Map     `json:"map"`
	Init    Init    `json:"init"`
	Moments Moments `json:"moments"`
	Source  string  `json:"source,omitempty"` // the publication it comes from, empty for the user's own
}

// Custom makes a strategy of the user's own: a map, what becomes of its
// duplicates, moments copied with the layers. Gated gets [DefaultGateSteps];
// other values go into the fields of the result. Errors show up in
// [Strategy.Validate], which every user of a strategy calls.
func Custom(name string, m Map, kind InitKind) Strategy {
	s := Strategy{Name: name, Map: slices.Clone(m), Init: Init{Kind: kind}, Moments: MomentsCopy}
	if kind == Gated {
		s.Init.GateSteps = DefaultGateSteps
	}
	return s
}

// WithInit returns the strategy with another init, its kind appended to the
// name: stack becomes stack-zero.
func (s Strategy) WithInit(init Init) Strategy {
	s.Name += "-" + string(init.Kind)
	s.Map = slices.Clone(s.Map)
	s.Init = init
	return s
}

// Validate reports whether the strategy can grow a stack of from layers.
func (s Strategy) Validate(from int) error {
	if s.Name == "" {
		return errors.New("a strategy has no name: give it one that is unique in its pool")
	}
	if strings.TrimSpace(s.Name) != s.Name || strings.ContainsFunc(s.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("strategy name %q has characters that cannot be printed, or spaces around it: choose a plain name", s.Name)
	}
	for _, err := range []error{s.Map.Validate(from), s.Init.Validate(), s.Moments.Validate()} {
		if err != nil {
			return fmt.Errorf("strategy %q: %w", s.Name, err)
		}
	}
	return nil
}

// Key is what the strategy does, without its name and source: strategies with
// equal keys turn a state into equal states and train them alike. In a map
// without duplicates the init has nothing to act on and does not count.
func (s Strategy) Key() string {
	init, moments := s.Init, s.Moments
	if !slices.Contains(s.Map.Duplicates(), true) {
		init = Init{Kind: Copy}
		if moments == MomentsZeroDuplicates {
			moments = MomentsCopy
		}
	}
	return fmt.Sprintf("map=%v init=%v moments=%s", s.Map, init, moments)
}

// Gates returns the gate g of each grown layer after a number of training
// steps since growing: min(1, step/GateSteps) for the duplicates of a gated
// strategy, 1 for all else. It has the length of the map.
func (s Strategy) Gates(step int) []float32 {
	gates := make([]float32, len(s.Map))
	for i, duplicate := range s.Map.Duplicates() {
		gates[i] = 1
		if duplicate && s.Init.Kind == Gated && step < s.Init.GateSteps {
			gates[i] = float32(float64(max(step, 0)) / float64(s.Init.GateSteps))
		}
	}
	return gates
}
