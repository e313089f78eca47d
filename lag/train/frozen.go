package train

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Headed is implemented by models with a head that can be trained alone.
type Headed interface {
	// Head returns the names of the head's parameters: those that turn hidden
	// states into predictions and that nothing else uses. A head that is all shared,
	// such as with the input embeddings, has none.
	Head() []string
}

// headOf returns the names of the parameters of a model's head, or an error if it
// has none of its own.
func headOf(model any) ([]string, error) {
	if headed, ok := model.(Headed); ok {
		if names := headed.Head(); len(names) > 0 {
			return names, nil
		}
	}
	return nil, errors.New("the model has no head of its own that could be trained alone; train all of it")
}

// CheckHead returns an error if a model's head cannot be trained alone.
func CheckHead(model any) error {
	_, err := headOf(model)
	return err
}

// trained returns a mask of the parameters: 1 for those that a step changes and
// 0 for frozen ones. It returns nil if none is frozen. If any layer is frozen,
// so is everything outside the stacks of layers.
func (p *Program) trained(step Step) ([]float32, error) {
	if step.HeadOnly {
		return p.onlyHead()
	}
	frozen := step.Frozen
	switch {
	case slices.Contains(frozen, true):
	case step.masked:
		return slices.Repeat([]float32{1}, len(p.parameters)), nil
	default:
		return nil, nil
	}
	mask := make([]float32, len(p.parameters))
	first := 0 // index of the stack's first layer among the layers of all stacks
	for _, stack := range p.model.Stacks() {
		if first+stack.Depth > len(frozen) {
			return nil, fmt.Errorf("the list of frozen layers has %d elements, but the model has more layers; give one for each, or none", len(frozen))
		}
		for i, parameter := range p.parameters {
			rest, ok := strings.CutPrefix(parameter.Name, stack.Prefix)
			digits, _, _ := strings.Cut(rest, ".")
			if layer, err := strconv.Atoi(digits); ok && err == nil && !frozen[first+layer] {
				mask[i] = 1
			}
		}
		first += stack.Depth
	}
	if first != len(frozen) {
		return nil, fmt.Errorf("the list of frozen layers has %d elements, but the model has %s; give one for each, or none", len(frozen), plain.Count(first, "layer"))
	}
	return mask, nil
}

// onlyHead returns the mask of the head's parameters.
func (p *Program) onlyHead() ([]float32, error) {
	names, err := headOf(p.model)
	if err != nil {
		return nil, err
	}
	mask := make([]float32, len(p.parameters))
	for i, parameter := range p.parameters {
		if slices.Contains(names, parameter.Name) {
			mask[i] = 1
		}
	}
	return mask, nil
}
