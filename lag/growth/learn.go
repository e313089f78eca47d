package growth

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Learning describes how the coefficients that combine source layers are
// learned: by gradient descent on the training loss of the grown model, with
// the source's weights fixed. The trainer does this before it grows the model;
// see [Strategy.Learned].
type Learning struct {
	Steps int     `json:"steps"` // updates of the coefficients, each with a different training batch; at least 1
	Rate  float64 `json:"rate"`  // constant learning rate of Adam; about the change of a coefficient in a step
}

const (
	// DefaultLearnSteps is the default number of updates.
	DefaultLearnSteps = 100
	// DefaultLearnRate is the rate in a wide pool. In 100 steps it can move a
	// coefficient from 0 to 1, but not further.
	DefaultLearnRate = 0.01
)

// Module returns the module of a layer's tensor, given the tensor's suffix:
// weight and bias of "output.dense" belong to one module. Because a dense layer
// is linear in weight and bias together, combining both with the same
// coefficients combines the outputs of the modules.
func Module(suffix string) string {
	if i := strings.LastIndexByte(suffix, '.'); i >= 0 {
		return suffix[:i]
	}
	return suffix
}

// Coefficients returns the coefficients of a module of a stack of from layers:
// a row for each grown layer with a coefficient for each source layer. They are
// the module's own if it has any, otherwise those of [Strategy.Combine],
// otherwise one-hot rows that copy layers as the map does. Rows of new layers
// are zero. The strategy must be for one stack.
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

// Learned returns the strategy with learned coefficients, by module, in place
// of Learn.
func (s Strategy) Learned(modules map[string][][]float64) Strategy {
	s = s.clone()
	s.Learn, s.CombineModules = nil, make(map[string][][]float64, len(modules))
	for module, rows := range modules {
		s.CombineModules[module] = cloneRows(rows)
	}
	return s
}

// validateLearn returns an error if Learn is invalid.
func (s Strategy) validateLearn(from Depths) error {
	l := s.Learn
	if l == nil {
		return nil
	}
	switch {
	case l.Steps < 1:
		return fmt.Errorf("learn has %s: give at least 1, or leave learn out", plain.Count(l.Steps, "step"))
	case !(l.Rate > 0) || math.IsInf(l.Rate, 1):
		return fmt.Errorf("learn has the rate %g: it must be above 0, such as %g", l.Rate, DefaultLearnRate)
	case s.Init.Kind != Copy:
		return fmt.Errorf("learn combines layers, but init %q would change them: choose %q", s.Init.Kind, Copy)
	}
	learned := false
	for i, m := range s.maps() {
		if slices.Equal(m, span(0, from[i])) && s.Combine == nil && s.CombineModules == nil {
			continue // see PerStack
		}
		learned = true
		if slices.Contains(m, New) {
			return fmt.Errorf("learn combines source layers, but the map %v has new layers: give every place a source", m)
		}
	}
	if !learned {
		return errors.New("learn has nothing to learn, because the map keeps all layers: leave it out")
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
