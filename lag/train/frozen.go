package train

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// trained returns 1 for each parameter that a step changes and 0 for each that
// it leaves, or nil where it changes all. While any layer is frozen, so is
// everything outside the stacks of layers.
func (p *Program) trained(frozen []bool) ([]float32, error) {
	if !slices.Contains(frozen, true) {
		return nil, nil
	}
	mask := make([]float32, len(p.parameters))
	first := 0 // layer of the stack, among those of all stacks
	for _, stack := range p.model.Stacks() {
		if first+stack.Depth > len(frozen) {
			return nil, fmt.Errorf("%d layers are said to be frozen or not, and the model has more; say it of each, or of none", len(frozen))
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
		return nil, fmt.Errorf("%d layers are said to be frozen or not, and the model has %d; say it of each, or of none", len(frozen), first)
	}
	return mask, nil
}
