package growth

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// A term is a source layer, or New, and its coefficient in a grown layer.
type term struct {
	layer       int
	coefficient float64
}

// terms returns the source layers of a tensor of a grown layer, with their
// coefficients for parameters and first moments.
func (s Strategy) terms(i int, suffix string, partner int) []term {
	rows, ok := s.CombineModules[Module(suffix)]
	if !ok {
		rows = s.Combine
	}
	if rows == nil {
		if s.Init.Kind == Interpolate && partner != New {
			return []term{{s.Map[i], 0.5}, {partner, 0.5}}
		}
		return []term{{s.Map[i], 1}}
	}
	var list []term
	for layer, c := range rows[i] {
		if c != 0 {
			list = append(list, term{layer, c})
		}
	}
	return list
}

// squared returns terms with squared coefficients, for second moments under
// [Strategy.Combine] and [Strategy.CombineModules].
func squared(terms []term) []term {
	terms = slices.Clone(terms)
	for i := range terms {
		terms[i].coefficient *= terms[i].coefficient
	}
	return terms
}

// mix returns a tensor of a grown layer, a linear combination of its namesakes
// in the source layers. A term alone with coefficient 1 is a plain copy.
func mix(tensors Tensors, stack Stack, suffix string, terms []term) Tensor {
	out := tensors[stack.name(terms[0].layer, suffix)].Clone()
	if len(terms) == 1 && terms[0].coefficient == 1 {
		return out
	}
	// In float64, and from the first product on, not from 0, so that -0 survives.
	sum := make([]float64, len(out.Data))
	for k, t := range terms {
		for i, x := range tensors[stack.name(t.layer, suffix)].Data {
			product := t.coefficient * float64(x)
			if k == 0 {
				sum[i] = product
			} else {
				sum[i] += product
			}
		}
	}
	for i, x := range sum {
		out.Data[i] = float32(x)
	}
	return out
}

// validateCombine reports coefficients that do not fit the depth of the source
// or the map.
func (s Strategy) validateCombine(from Depths) error {
	if !s.combines() {
		return nil
	}
	switch {
	case s.Encoder != nil:
		return errors.New("combine grows one stack, and there are an encoder's and a decoder's map: give each stack a strategy of its own")
	case s.Init.Kind != Copy && s.Init.Kind != Gated:
		return fmt.Errorf("combine says what the layers are, and init %q would change them: choose %q or %q", s.Init.Kind, Copy, Gated)
	}
	if s.Combine != nil {
		sources, err := s.validateRows("combine", s.Combine, from[0])
		if err != nil {
			return err
		}
		for i, main := range sources {
			if s.Map[i] != main {
				return fmt.Errorf("combine: row %d is mainly source layer %d, but the map has %d there: write %d into the map", i, main, s.Map[i], main)
			}
		}
	}
	for _, module := range slices.Sorted(maps.Keys(s.CombineModules)) {
		if _, err := s.validateRows(fmt.Sprintf("combine_modules %q", module), s.CombineModules[module], from[0]); err != nil {
			return err
		}
		if i := slices.Index(s.Map, New); i >= 0 {
			return fmt.Errorf("combine_modules %q: the map has a new layer at %d, which is combined of nothing: give it a source", module, i)
		}
	}
	return nil
}

// combines tells whether there are coefficients.
func (s Strategy) combines() bool { return s.Combine != nil || s.CombineModules != nil }

// validateRows reports coefficients of another depth than the map's and the
// source's, and returns the main source layer of each row.
func (s Strategy) validateRows(what string, rows [][]float64, from int) ([]int, error) {
	if len(rows) != len(s.Map) {
		return nil, fmt.Errorf("%s has %d rows and the map %d layers: give a row for each grown layer", what, len(rows), len(s.Map))
	}
	sources := make([]int, len(rows))
	for i, row := range rows {
		if len(row) != from {
			return nil, fmt.Errorf("%s: row %d has %d coefficients: give one for each of the %d source layers", what, i, len(row), from)
		}
		var err error
		if sources[i], err = dominant(row); err != nil {
			return nil, fmt.Errorf("%s: row %d %w", what, i, err)
		}
	}
	return sources, nil
}

// own returns the coefficients of modules that differ from what their layers
// have without, nil where none do.
func (s Strategy) own() map[string][][]float64 {
	var own map[string][][]float64
	rest := s
	rest.CombineModules = nil
	for module, rows := range s.CombineModules {
		if len(rows) > 0 && equalRows(rows, rest.Coefficients(module, len(rows[0]))) {
			continue
		}
		if own == nil {
			own = make(map[string][][]float64)
		}
		own[module] = rows
	}
	return own
}

// dominant returns the layer of the largest coefficient by size, the lowest
// where several are largest.
func dominant(row []float64) (int, error) {
	main := 0
	for j, c := range row {
		if !(math.Abs(c) <= maxFactor) {
			return 0, fmt.Errorf("has the coefficient %g: give sizes of at most %d", c, maxFactor)
		}
		if math.Abs(c) > math.Abs(row[main]) {
			main = j
		}
	}
	if row[main] == 0 {
		return 0, errors.New("is all zeros: a layer of zeros passes nothing on; give it a source")
	}
	return main, nil
}

// oneHot reports whether coefficients are those of the map's plain copy.
func (s Strategy) oneHot() bool {
	for _, row := range s.Combine {
		nonzero := 0
		for _, c := range row {
			if c != 0 {
				nonzero++
			}
		}
		if nonzero != 1 || !slices.Contains(row, 1) {
			return false
		}
	}
	return true
}
