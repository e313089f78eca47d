package growth

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Learning says how the coefficients are learned with which a strategy combines
// source layers: by gradient descent on the training loss of the grown model,
// the source's weights being fixed. The trainer does it before it grows; see
// [Strategy.Learned].
type Learning struct {
	Steps int     `json:"steps"` // updates of the coefficients, each on a training batch of its own; at least 1
	Rate  float64 `json:"rate"`  // learning rate of Adam, constant; about how far a step moves a coefficient
}

const (
	// DefaultLearnSteps is the number of updates where none is chosen.
	DefaultLearnSteps = 100
	// DefaultLearnRate is the rate of a wide pool: in 100 steps it can bring a
	// coefficient from 0 to 1, and no further.
	DefaultLearnRate = 0.01
)

// Module is the part of a layer that a tensor belongs to, by its suffix in the
// layer: weight and bias of "output.dense" are one module. As a dense layer is
// linear in both together, combining them with the same coefficients combines
// what the modules compute of an input.
func Module(suffix string) string {
	if i := strings.LastIndexByte(suffix, '.'); i >= 0 {
		return suffix[:i]
	}
	return suffix
}

// Coefficients returns those of a module of a stack that grows from so many
// layers: a row for each grown layer, and in it a coefficient for each source
// layer. They are the module's own, or those of [Strategy.Combine], or where
// there are none the rows with one 1 that copy layers as the map does. A row of
// a new layer is all zeros. The strategy must be of one stack.
func (s Strategy) Coefficients(module string, from int) [][]float64 {
	rows := s.CombineModules[module]
	if rows == nil {
		rows = s.Combine
	}
	if rows != nil {
		return cloneRows(rows)
	}
	rows = make([][]float64, len(s.Map))
	for i, source := range s.Map {
		rows[i] = make([]float64, from)
		if source != New {
			rows[i][source] = 1
		}
	}
	return rows
}

// Learned returns the strategy with coefficients that were learned, by module,
// in place of instructions for learning them.
func (s Strategy) Learned(modules map[string][][]float64) Strategy {
	s = s.clone()
	s.Learn, s.CombineModules = nil, make(map[string][][]float64, len(modules))
	for module, rows := range modules {
		s.CombineModules[module] = cloneRows(rows)
	}
	return s
}

// validateLearn reports instructions that cannot be followed.
func (s Strategy) validateLearn(from Depths) error {
	l := s.Learn
	if l == nil {
		return nil
	}
	switch {
	case l.Steps < 1:
		return fmt.Errorf("learn has %d steps: give at least 1, or leave learn out", l.Steps)
	case !(l.Rate > 0) || math.IsInf(l.Rate, 1):
		return fmt.Errorf("learn has the rate %g: give one above 0, such as %g", l.Rate, DefaultLearnRate)
	case s.Init.Kind != Copy:
		return fmt.Errorf("learn combines layers as they are, and init %q would change them: choose %q", s.Init.Kind, Copy)
	}
	learned := false
	for i, m := range s.maps() {
		if slices.Equal(m, span(0, from[i])) && s.Combine == nil && s.CombineModules == nil {
			continue // see PerStack
		}
		learned = true
		if slices.Contains(m, New) {
			return fmt.Errorf("learn combines source layers, and the map %v has new ones: give every place a source", m)
		}
	}
	if !learned {
		return errors.New("learn has nothing to learn, for the map leaves every layer in its place: leave it out")
	}
	return nil
}

func cloneRows(rows [][]float64) [][]float64 {
	rows = slices.Clone(rows)
	for i, row := range rows {
		rows[i] = slices.Clone(row)
	}
	return rows
}

func equalRows(a, b [][]float64) bool {
	return slices.EqualFunc(a, b, func(x, y []float64) bool { return slices.Equal(x, y) })
}
