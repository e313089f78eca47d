package train

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// trained returns a mask of the parameters: 1 for those that a step changes and
// 0 for frozen ones. It returns nil if none is frozen. If any layer is frozen,
// so is everything outside the stacks of layers.
func (p *Program) trained(frozen []bool) ([]float32, error) {
	if !slices.Contains(frozen, true) {
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
