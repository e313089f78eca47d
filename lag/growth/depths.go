package growth

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// Depths holds the number of layers of each stack of a model: one number for an
// encoder or a decoder, or the encoder's and then the decoder's for a model
// with both.
type Depths []int

// stackNames are the names of the stacks of an encoder-decoder model.
var stackNames = [2]string{"encoder", "decoder"}

// check returns an error if no model can grow between the depths. In a model
// with two stacks one of them may keep its depth.
func (from Depths) check(to Depths) error {
	if len(from) != 1 && len(from) != 2 {
		return fmt.Errorf("%d depths are given: give one, or those of an encoder and a decoder", len(from))
	}
	if len(to) != len(from) {
		return fmt.Errorf("the source has %s, but the number of depths to grow to is %d: give one for each stack", plain.Count(len(from), "stack"), len(to))
	}
	grows := len(from) == 1 || from[0] == to[0] && from[1] == to[1] // if no stack grows, let checkDepths return the error
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

// fits returns an error unless the strategy is for a model with this number of stacks.
func (s Strategy) fits(stacks int) error {
	switch {
	case stacks == 1 && s.Encoder != nil:
		return fmt.Errorf("it has an encoder map, but the model has one stack: leave encoder_map out")
	case stacks == 2 && s.Encoder == nil:
		return fmt.Errorf("it has no encoder map, but the model has an encoder and a decoder: give both encoder_map and map")
	case stacks != 1 && stacks != 2:
		return fmt.Errorf("a strategy grows one stack, or an encoder and a decoder, but the model has %d stacks", stacks)
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

// PerStack returns a strategy for each of the model's stacks, the encoder's
// first, for [Strategy.Apply]. They share no memory with s. s must have a map
// for each stack.
func (s Strategy) PerStack(stacks int) ([]Strategy, error) {
	if err := s.fits(stacks); err != nil {
		return nil, fmt.Errorf("strategy %q: %w", s.Name, err)
	}
	var list []Strategy
	for _, m := range s.maps() {
		one := s
		one.Map, one.Encoder = m, nil
		if stacks == 2 && slices.Equal(m, span(0, len(m))) {
			one.Learn = nil // this stack does not grow
		}
		list = append(list, one.clone())
	}
	return list, nil
}

// Added returns the number of duplicate and new layers in all stacks. It is the
// growth in depth if the maps use all source layers.
func (s Strategy) Added() int {
	n := 0
	for _, added := range s.added() {
		if added {
			n++
		}
	}
	return n
}

// added reports, for each grown layer of all stacks, the encoder's first,
// whether it is a duplicate or new.
func (s Strategy) added() []bool {
	var list []bool
	for _, m := range s.maps() {
		for i, duplicate := range m.Duplicates() {
			list = append(list, duplicate || m[i] == New)
		}
	}
	return list
}

// Gates returns the gate of each grown layer, the encoder's first, after the
// given number of training steps since growing. It is min(1, step/GateSteps)
// for the duplicates of a gated strategy, and 1 for all other layers.
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

// Frozen reports, for each grown layer, the encoder's first, whether the next
// training step keeps its parameters fixed, after the given number of steps
// since growing. In the first NewFirst steps all layers are frozen except
// duplicates and new layers; later none are. While layers are frozen, the
// trainer also freezes everything outside the stacks (embeddings, final norms,
// heads, shared tables).
//
// Freezing the trained layers while new ones catch up follows multi-stage
// layerwise training (MSLT), Yang et al. 2020, Progressively Stacking 2.0
// (arXiv 2011.13635).
func (s Strategy) Frozen(step int) []bool {
	frozen := s.added()
	for i, added := range frozen {
		frozen[i] = step < s.NewFirst && !added
	}
	return frozen
}
