package growth

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// A term is a source layer and its coefficient in a grown layer.
type term struct {
	layer       int
	coefficient float64
}

// terms returns the source layers of a tensor of grown layer i, with the
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

// mix returns a tensor of a grown layer: the linear combination of the source
// layers' tensors with the same suffix. A single term with coefficient 1 is kept
// as it is.
func mix(tensors Tensors, stack Stack, suffix string, terms []term, keep keeping) Tensor {
	first := tensors[stack.name(terms[0].layer, suffix)]
	if len(terms) == 1 && terms[0].coefficient == 1 {
		return keep(first)
	}
	out := zeros(first.Shape)
	// Sum in float64. Begin with the first product instead of 0, to preserve
	// -0.
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

// validateCombine returns an error if the coefficients do not fit the source's
// depth or the map.
func (s Strategy) validateCombine(from Depths) error {
	if !s.combines() {
		return nil
	}
	switch {
	case s.Encoder != nil:
		return errors.New("combine grows one stack, but there are an encoder map and a decoder map: use a separate strategy for each stack")
	case s.Init.Kind != Copy && s.Init.Kind != Gated:
		return fmt.Errorf("combine determines the layers, but init %q would change them: choose %q or %q", s.Init.Kind, Copy, Gated)
	}
	if s.Combine != nil {
		sources, err := s.validateRows("combine", s.Combine, from[0])
		if err != nil {
			return err
		}
		for i, main := range sources {
			if s.Map[i] != main {
				return fmt.Errorf("combine: row %d has its largest coefficient at source layer %d, but the map has %d there: write %d into the map", i, main, s.Map[i], main)
			}
		}
	}
	for _, module := range slices.Sorted(maps.Keys(s.CombineModules)) {
		if _, err := s.validateRows(fmt.Sprintf("combine_modules %q", module), s.CombineModules[module], from[0]); err != nil {
			return err
		}
		if i := slices.Index(s.Map, New); i >= 0 {
			return fmt.Errorf("combine_modules %q: the map has a new layer at %d, which has no layers to combine: give it a source", module, i)
		}
	}
	return nil
}

// combines reports whether the strategy has coefficients.
func (s Strategy) combines() bool { return s.Combine != nil || s.CombineModules != nil }

// validateRows returns the main source layer of each row of coefficients. It
// returns an error if the rows do not fit the depths of the map and the source.
func (s Strategy) validateRows(what string, rows [][]float64, from int) ([]int, error) {
	if len(rows) != len(s.Map) {
		return nil, fmt.Errorf("%s has %s, but the map has %s: give a row for each grown layer", what, plain.Count(len(rows), "row"), plain.Count(len(s.Map), "layer"))
	}
	sources := make([]int, len(rows))
	for i, row := range rows {
		if len(row) != from {
			return nil, fmt.Errorf("%s: row %d has %d coefficients: give one for each of the %s", what, i, len(row), plain.Count(from, "source layer"))
		}
		var err error
		if sources[i], err = dominant(row); err != nil {
			return nil, fmt.Errorf("%s: row %d %w", what, i, err)
		}
	}
	return sources, nil
}

// moduleOverrides returns the coefficients of the modules that differ from
// those of their layers, or nil if there are none.
func (s Strategy) moduleOverrides() map[string][][]float64 {
	var overrides map[string][][]float64
	rest := s
	rest.CombineModules = nil
	for module, rows := range s.CombineModules {
		if len(rows) > 0 && equalRows(rows, rest.Coefficients(module, len(rows[0]))) {
			continue
		}
		if overrides == nil {
			overrides = make(map[string][][]float64)
		}
		overrides[module] = rows
	}
	return overrides
}

// dominant returns the layer whose coefficient has the largest absolute value.
// If several have, it returns the lowest.
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
		return 0, errors.New("is all zeros, which would make a layer of zeros; give it a source")
	}
	return main, nil
}

// oneHot reports whether Combine only copies layers, as the map does.
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
