package growth

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Stack describes the tensors of the stack that grows. A tensor of layer i is
// named Prefix + i + "." + suffix. All layers have the same suffixes and
// shapes.
type Stack struct {
	Prefix               string   // for example "bert.encoder.layer."
	Depth                int      // number of layers before growing
	OutputProjections    []string // suffixes that [Zero] sets to zero: weights and biases of the output projections of attention and feed-forward
	AttentionProjections []string // suffixes that [Attenuated] scales: weights and biases of the query and key projections; none in a family without attention
}

// Initializer returns the model's own initial values, in row-major order, for a
// tensor with the given full name in the grown model and the given shape. The
// result must depend only on these arguments and the run's seed.
type Initializer func(name string, shape []int) []float32

// Apply grows a state. Every layer of the result is a copy of its source layer,
// with parameters and moments. Duplicates are then changed by the strategy's
// init and moment policy. New layers get values from init and zero moments.
// Tensors outside the stack are copied. Gates are not part of a state: the
// model applies [Strategy.Gates]. The result shares no memory with src, and src
// is not changed.
//
// Init may be nil if the map has no new layer. Errors name tensors that are
// missing, superfluous or of the wrong shape.
func (s Strategy) Apply(src State, stack Stack, init Initializer) (State, error) {
	return s.applyKeeping(src, stack, init, Tensor.Clone)
}

// ApplySharing is [Strategy.Apply] without copies: what the result has in common
// with src, and duplicates have with each other, is the same memory. Nobody may
// change it afterwards. It takes far less time and memory for a large model.
func (s Strategy) ApplySharing(src State, stack Stack, init Initializer) (State, error) {
	return s.applyKeeping(src, stack, init, func(t Tensor) Tensor { return t })
}

func (s Strategy) applyKeeping(src State, stack Stack, init Initializer, keep keeping) (State, error) {
	grown, err := s.apply(src, stack, init, keep)
	if err != nil {
		return State{}, fmt.Errorf("cannot grow: %w", err)
	}
	return grown, nil
}

// keeping returns a tensor that stays as it is: a copy, or itself.
type keeping func(Tensor) Tensor

func (s Strategy) apply(src State, stack Stack, init Initializer, keep keeping) (State, error) {
	if err := s.Validate(Depths{stack.Depth}); err != nil {
		return State{}, err
	}
	if s.Learn != nil {
		return State{}, fmt.Errorf("strategy %q learns its coefficients from data, but none were learned: use `lag study`, or give combine instead of learn", s.Name)
	}
	if init == nil && slices.Contains(s.Map, New) {
		return State{}, fmt.Errorf("strategy %q has new layers: pass the model's initializer", s.Name)
	}
	if err := src.validate(); err != nil {
		return State{}, err
	}
	layer, err := stack.layer(src.Params)
	if err != nil {
		return State{}, err
	}
	for _, module := range slices.Sorted(maps.Keys(s.CombineModules)) {
		if !slices.ContainsFunc(layer, func(suffix string) bool { return Module(suffix) == module }) {
			return State{}, fmt.Errorf("strategy %q has coefficients for the module %q, but layers have no tensor %q: correct combine_modules", s.Name, module, stack.name(0, module+".…"))
		}
	}
	momentLayers := make(map[string][]string, len(src.Moments))
	for _, moment := range slices.Sorted(maps.Keys(src.Moments)) {
		if momentLayers[moment], err = stack.suffixes(src.Moments[moment]); err != nil {
			return State{}, fmt.Errorf("moment %q: %w", moment, err)
		}
	}
	if err := s.Fits(stack); err != nil {
		return State{}, err
	}

	grown := State{Params: make(Tensors, len(src.Params)*len(s.Map)/stack.Depth)}
	for name, tensor := range src.Params {
		if _, _, inside := stack.Split(name); !inside {
			grown.Params[name] = keep(tensor)
		}
	}
	duplicates, partners := s.Map.Duplicates(), s.Map.partners()
	for i, source := range s.Map {
		for _, suffix := range layer {
			name := stack.name(i, suffix)
			if source == New {
				if grown.Params[name], err = newTensor(name, src.Params[stack.name(0, suffix)].Shape, init); err != nil {
					return State{}, err
				}
				continue
			}
			terms := s.terms(i, suffix, partners[i])
			if duplicates[i] && s.Init.changes(stack, suffix) {
				tensor := mix(src.Params, stack, suffix, terms, Tensor.Clone)
				s.Init.change(tensor, name)
				grown.Params[name] = tensor
				continue
			}
			grown.Params[name] = mix(src.Params, stack, suffix, terms, keep)
		}
	}
	if src.Moments != nil {
		grown.Moments = make(map[string]Tensors, len(src.Moments))
	}
	for moment, tensors := range src.Moments {
		grown.Moments[moment] = s.applyMoments(tensors, stack, momentLayers[moment], moment == firstMoment, keep)
	}
	return grown, nil
}

// Fits returns an error if the strategy's init changes projections that a stack does
// not list.
func (s Strategy) Fits(stack Stack) error {
	if suffixes, what, field := s.Init.projections(stack); what != "" && len(suffixes) == 0 {
		return fmt.Errorf("strategy %q changes %s, but the stack %q lists none: set %s, or leave the strategy out", s.Name, what, stack.Prefix, field)
	}
	return nil
}

// firstMoment is the name of the moment that is linear in the gradients. All
// other moments are means of squared gradients.
const firstMoment = "first"

// applyMoments grows one set of moments like the parameters.
func (s Strategy) applyMoments(src Tensors, stack Stack, layer []string, linear bool, keep keeping) Tensors {
	grown := make(Tensors, len(src)*len(s.Map)/stack.Depth)
	for name, tensor := range src {
		if _, _, inside := stack.Split(name); inside {
			continue
		}
		if s.Moments == MomentsReset {
			grown[name] = zeros(tensor.Shape)
		} else {
			grown[name] = keep(tensor)
		}
	}
	duplicates, partners := s.Map.Duplicates(), s.Map.partners()
	for i, source := range s.Map {
		reset := source == New || s.Moments == MomentsReset || duplicates[i] && s.Moments == MomentsZeroDuplicates
		for _, suffix := range layer {
			name := stack.name(i, suffix)
			if reset {
				grown[name] = zeros(src[stack.name(0, suffix)].Shape) // all layers have the same shapes
				continue
			}
			terms := s.terms(i, suffix, partners[i])
			if s.combines() && !linear {
				terms = squared(terms)
			}
			grown[name] = mix(src, stack, suffix, terms, keep)
		}
	}
	return grown
}

// zeros returns a tensor of zeros. The shape must be that of another tensor.
func zeros(shape []int) Tensor {
	size := 1
	for _, axis := range shape {
		size *= axis
	}
	return Tensor{Shape: slices.Clone(shape), Data: make([]float32, size)}
}

func newTensor(name string, shape []int, init Initializer) (Tensor, error) {
	tensor := Tensor{Shape: slices.Clone(shape)}
	size, err := tensor.size()
	if err != nil {
		return Tensor{}, fmt.Errorf("parameter %q %w", name, err)
	}
	tensor.Data = slices.Clone(init(name, slices.Clone(shape)))
	if len(tensor.Data) != size {
		return Tensor{}, fmt.Errorf("the initializer returned %d values for the new parameter %q of shape %v: it needs %d", len(tensor.Data), name, shape, size)
	}
	return tensor, nil
}

func (k Stack) name(layer int, suffix string) string {
	return k.Prefix + strconv.Itoa(layer) + "." + suffix
}

// Split splits the name of a tensor. It belongs to the stack if the prefix is
// followed by a number and a dot.
func (k Stack) Split(name string) (layer int, suffix string, inside bool) {
	rest, ok := strings.CutPrefix(name, k.Prefix)
	if !ok {
		return 0, "", false
	}
	digits, suffix, ok := strings.Cut(rest, ".")
	if !ok {
		return 0, "", false
	}
	layer, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(layer) != digits || layer < 0 {
		return 0, "", false
	}
	return layer, suffix, true
}

// layer returns the sorted suffixes of the parameters of a layer. It checks
// that there are layers and that they have the projections.
func (k Stack) layer(params Tensors) ([]string, error) {
	if k.Prefix == "" {
		return nil, errors.New("the stack has no prefix: give the part of its tensors' names before the layer's index")
	}
	suffixes, err := k.suffixes(params)
	if err != nil {
		return nil, err
	}
	if len(suffixes) == 0 {
		return nil, fmt.Errorf("no parameter is named %q: correct the prefix of the stack", k.name(0, "..."))
	}
	for _, suffix := range k.OutputProjections {
		if !slices.Contains(suffixes, suffix) {
			return nil, fmt.Errorf("output projection %q is missing: correct Stack.OutputProjections or the state", k.name(0, suffix))
		}
	}
	for _, suffix := range k.AttentionProjections {
		if !slices.Contains(suffixes, suffix) {
			return nil, fmt.Errorf("query or key projection %q is missing: correct Stack.AttentionProjections or the state", k.name(0, suffix))
		}
	}
	return suffixes, nil
}

// suffixes returns the sorted suffixes of the tensors of a layer. It checks
// that there are exactly Depth layers and that all have the same suffixes and
// shapes.
func (k Stack) suffixes(tensors Tensors) ([]string, error) {
	shapes := make(map[string][]int)
	first := make(map[string]string) // by suffix: the first tensor, which defines the shape
	for _, name := range tensors.names() {
		layer, suffix, inside := k.Split(name)
		if !inside {
			continue
		}
		if layer >= k.Depth {
			return nil, fmt.Errorf("parameter %q is above the stack's %s: the given depth is not that of the source", name, plain.Count(k.Depth, "layer"))
		}
		shape := tensors[name].Shape
		if first[suffix] == "" {
			first[suffix], shapes[suffix] = name, shape
		} else if !slices.Equal(shape, shapes[suffix]) {
			return nil, fmt.Errorf("parameter %q has shape %v, but %q has %v: all layers of a stack need the same shapes", name, shape, first[suffix], shapes[suffix])
		}
	}
	suffixes := slices.Sorted(maps.Keys(shapes))
	for i := range k.Depth {
		for _, suffix := range suffixes {
			if _, ok := tensors[k.name(i, suffix)]; !ok {
				return nil, fmt.Errorf("parameter %q is missing, but %q exists: all layers of a stack need the same tensors", k.name(i, suffix), first[suffix])
			}
		}
	}
	return suffixes, nil
}
