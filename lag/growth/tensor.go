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

// size returns the number of elements of the shape.
func (t Tensor) size() (int, error) {
	size := 1
	for _, axis := range t.Shape {
		if axis < 1 {
			return 0, fmt.Errorf("has shape %v: every axis needs a length of at least 1", t.Shape)
		}
		if size > math.MaxInt/axis {
			return 0, fmt.Errorf("has shape %v: it is too large for the address space", t.Shape)
		}
		size *= axis
	}
	return size, nil
}

// Tensors maps names, as in the checkpoint, to tensors.
type Tensors map[string]Tensor

// names returns the sorted names, so that errors are deterministic.
func (t Tensors) names() []string { return slices.Sorted(maps.Keys(t)) }

// State is the state of training: the model's parameters, and the optimizer's
// moments by moment name and parameter name. Adam has the moments "first" and
// "second" in the parameter's shape. Some moments of Adafactor exist only for
// some parameters, and have other shapes. A state without moments is only a
// model.
type State struct {
	Params  Tensors
	Moments map[string]Tensors
}

// validate returns an error for a tensor whose data does not match its shape,
// and for moments without a parameter.
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
				return fmt.Errorf("%s %q belongs to no parameter: remove it, or give it the name of its parameter", what, name)
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
