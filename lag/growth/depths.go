package growth

import (
	"fmt"
	"slices"
)

// Depths holds the number of layers of each stack of a model: one for an
// encoder or a decoder alone, the encoder's and then the decoder's for both.
type Depths []int

// stackNames are the stacks of a model that has two.
var stackNames = [2]string{"encoder", "decoder"}

// check reports depths that no model can be grown between: to may equal from in
// one of two stacks, but not in all.
func (from Depths) check(to Depths) error {
	if len(from) != 1 && len(from) != 2 {
		return fmt.Errorf("%d depths are given: a model has one stack, or an encoder's and a decoder's", len(from))
	}
	if len(to) != len(from) {
		return fmt.Errorf("the source has %d stacks and %d depths to grow to are given: give one for each stack", len(from), len(to))
	}
	grows := len(from) == 1 || from[0] == to[0] && from[1] == to[1] // if none does, checkDepths says so
	for i := range from {
		if !grows && from[i] == to[i] {
			if from[i] < 1 {
				return checkDepths(from[i], from[i]+1)
			}
			continue
		}
		if err := checkDepths(from[i], to[i]); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether the strategy is for a model of so many stacks.
func (s Strategy) fits(stacks int) error {
	switch {
	case stacks == 1 && s.Encoder != nil:
		return fmt.Errorf("it has an encoder map, and the model has one stack: leave encoder_map out")
	case stacks == 2 && s.Encoder == nil:
		return fmt.Errorf("it has no encoder map, and the model has an encoder and a decoder: give both encoder_map and map")
	case stacks != 1 && stacks != 2:
		return fmt.Errorf("a strategy grows one stack, or an encoder and a decoder, and the model has %d", stacks)
	}
	return nil
}

// maps returns the map of each stack, the encoder's first.
func (s Strategy) maps() []Map {
	if s.Encoder != nil {
		return []Map{s.Encoder, s.Map}
	}
	return []Map{s.Map}
}

// To returns the depths of the grown model.
func (s Strategy) To() Depths {
	var to Depths
	for _, m := range s.maps() {
		to = append(to, len(m))
	}
	return to
}

// PerStack returns a strategy of one stack for each of the model's stacks, the
// encoder first: what [Strategy.Apply] takes. They share no memory with s. It
// is an error if s does not have a map for each stack.
func (s Strategy) PerStack(stacks int) ([]Strategy, error) {
	if err := s.fits(stacks); err != nil {
		return nil, fmt.Errorf("strategy %q: %w", s.Name, err)
	}
	var list []Strategy
	for _, m := range s.maps() {
		one := s
		one.Map, one.Encoder = m, nil
		if stacks == 2 && slices.Equal(m, span(0, len(m))) {
			one.Learn = nil // this stack keeps its layers
		}
		list = append(list, one.clone())
	}
	return list, nil
}

// Added counts the layers that are duplicates or new, over all stacks. This is
// by how many layers the model grows, unless a map leaves source layers out.
func (s Strategy) Added() int {
	n := 0
	for _, added := range s.added() {
		if added {
			n++
		}
	}
	return n
}

// added tells for each grown layer, over all stacks, encoder first, whether it
// is a duplicate or new.
func (s Strategy) added() []bool {
	var list []bool
	for _, m := range s.maps() {
		for i, duplicate := range m.Duplicates() {
			list = append(list, duplicate || m[i] == New)
		}
	}
	return list
}

// Gates returns the gate g of each grown layer after a number of training
// steps since growing: min(1, step/GateSteps) for the duplicates of a gated
// strategy, 1 for all else. It has the length of the map; with an encoder, its
// layers come first, then the decoder's.
func (s Strategy) Gates(step int) []float32 {
	var gates []float32
	for _, m := range s.maps() {
		for _, duplicate := range m.Duplicates() {
			gate := float32(1)
			if duplicate && s.Init.Kind == Gated && step < s.Init.GateSteps {
				gate = float32(float64(max(step, 0)) / float64(s.Init.GateSteps))
			}
			gates = append(gates, gate)
		}
	}
	return gates
}

// Frozen tells for each grown layer, the encoder's first and then the
// decoder's, whether it keeps its parameters in the training step that follows
// so many steps since growing: in the first NewFirst steps every layer does
// that is neither a duplicate nor new, later none. While a layer is frozen, so
// is everything outside the stacks (embeddings, final norms, heads, shared
// tables), which the trainer sees to: only added layers are trained then. With
// NewFirst = 0 nothing is ever frozen.
//
// Freezing the trained part while new layers catch up is after multi-stage
// layerwise training (MSLT), Yang et al. 2020, Progressively Stacking 2.0
// (arXiv 2011.13635).
func (s Strategy) Frozen(step int) []bool {
	frozen := s.added()
	for i, added := range frozen {
		frozen[i] = step < s.NewFirst && !added
	}
	return frozen
}
