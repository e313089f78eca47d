package growth

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Tensor is a dense float32 array in row-major order. A scalar has no axes.
type Tensor struct {
	Shape []int
	Data  []float32
}

// Clone returns a copy that shares no memory with t.
func (t Tensor) Clone() Tensor {
	return Tensor{Shape: slices.Clone(t.Shape), Data: slices.Clone(t.Data)}
}

// size is the number of elements that the shape asks for, or an error.
func (t Tensor) size() (int, error) {
	size := 1
	for _, axis := range t.Shape {
		if axis < 1 {
			return 0, fmt.Errorf("has shape %v: every axis needs a length of at least 1", t.Shape)
		}
		if size > math.MaxInt/axis {
			return 0, fmt.Errorf("has shape %v: its size is beyond the address space", t.Shape)
		}
		size *= axis
	}
	return size, nil
}

// Tensors are tensors by name, the names those of the checkpoint.
type Tensors map[string]Tensor

// names returns the names in order, so that errors are the same each time.
func (t Tensors) names() []string { return slices.Sorted(maps.Keys(t)) }

// State is what training goes on from: the model's parameters and the moments
// that the optimizer keeps of them, by the moment's name and the parameter's.
// Adam has two, "first" and "second", of the parameter's shape. Adafactor has
// some that exist for some parameters only, and in other shapes. A state without
// moments is a bare model.
type State struct {
	Params  Tensors
	Moments map[string]Tensors
}

// validate reports a tensor whose data do not fill its shape, and moments of no
// parameter.
func (s State) validate() error {
	if err := validateSizes(s.Params, "parameter"); err != nil {
		return err
	}
	for _, moment := range slices.Sorted(maps.Keys(s.Moments)) {
		what := fmt.Sprintf("moment %q of", moment)
		if err := validateSizes(s.Moments[moment], what); err != nil {
			return err
		}
		for _, name := range s.Moments[moment].names() {
			if _, ok := s.Params[name]; !ok {
				return fmt.Errorf("%s %q belongs to no parameter: drop it, or name it as its parameter is named", what, name)
			}
		}
	}
	return nil
}

func validateSizes(tensors Tensors, what string) error {
	for _, name := range tensors.names() {
		tensor := tensors[name]
		size, err := tensor.size()
		if err != nil {
			return fmt.Errorf("%s %q %w", what, name, err)
		}
		if len(tensor.Data) != size {
			return fmt.Errorf("%s %q has shape %v but %d values: it needs %d", what, name, tensor.Shape, len(tensor.Data), size)
		}
	}
	return nil
}
