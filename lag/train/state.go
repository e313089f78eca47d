package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// State is everything that a training step changes. Its slices have the order
// of the model's parameters. Dropout has no state: its random numbers are a
// function of the seed and the step.
type State struct {
	Step       int // number of updates in this run
	Parameters []*tensors.Tensor
	Moments    [][]*tensors.Tensor // for each parameter, the moments that the optimizer declares

	// Updates is, for each parameter, the number of updates in its moments.
	// Adam's bias correction and Adafactor's decay depend on it. When growth
	// sets moments to zero, the count restarts at 0. Otherwise the first
	// updates would be too large: with Adam 0.1 g / sqrt(0.001 g²), a factor of
	// three.
	Updates []int

	others copies // on the devices after the first, in the order of all; nil until they are needed
	lost   bool   // whether the tensors were donated to a failed execution
}

// usable returns an error if the state was lost.
func (s *State) usable() error {
	if s.lost {
		return fmt.Errorf("the state was lost at step %d, when the device failed; restore it from a snapshot", s.Step)
	}
	return nil
}

// NewState returns a state with the model's initial parameters and zero moments.
func NewState(parameters []transformer.Param, optimizer Optimizer, seed int64) *State {
	return newState(parameters, optimizer, seed, stay)
}

// stay leaves a tensor in host memory.
func stay(t *tensors.Tensor) *tensors.Tensor { return t }

// newState calls place for each tensor, before it makes the next.
func newState(parameters []transformer.Param, optimizer Optimizer, seed int64, place func(*tensors.Tensor) *tensors.Tensor) *State {
	s := &State{Updates: make([]int, len(parameters))}
	for _, p := range parameters {
		s.Parameters = append(s.Parameters, place(tensors.FromFlatDataAndDimensions(p.Initialize(seed), p.Shape...)))
		var moments []*tensors.Tensor
		for _, m := range optimizer.moments(p) {
			moments = append(moments, place(tensors.FromShape(shapes.Make(dtypes.Float32, m.Shape...))))
		}
		s.Moments = append(s.Moments, moments)
	}
	return s
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// all returns the parameters followed by their moments.
func (s *State) all() []*tensors.Tensor {
	list := slices.Clone(s.Parameters)
	for _, moments := range s.Moments {
		list = append(list, moments...)
	}
	return list
}

// setAll sets the tensors that all returns, and their copies on further devices.
// The state is then no longer lost.
func (s *State) setAll(list copies) {
	n := copy(s.Parameters, list[0])
	for _, moments := range s.Moments {
		n += copy(moments, list[0][n:])
	}
	s.others = list[1:]
	s.lost = false
}

// Finalize frees the state's device memory immediately, because Go's garbage
// collector does not know its size.
func (s *State) Finalize() error { return errors.Join(finalize(s.all()), s.others.finalize()) }

func finalize(list []*tensors.Tensor) error {
	var errs []error
	for _, t := range list {
		errs = append(errs, t.FinalizeAll())
	}
	return errors.Join(errs...)
}

// Snapshot is a [State] in host memory, by parameter name. Checkpoints store
// snapshots and growth changes them.
type Snapshot struct {
	growth.State
	Step      int
	Updates   map[string]int
	Optimizer string // name of the optimizer of the moments; empty if unknown
}

// Snapshot copies the state to host memory.
func (s *State) Snapshot(parameters []transformer.Param, optimizer Optimizer) (Snapshot, error) {
	if err := s.usable(); err != nil {
		return Snapshot{}, err
	}
	snap := Snapshot{Step: s.Step, Updates: make(map[string]int), Optimizer: optimizer.Name()}
	snap.Params, snap.Moments = make(growth.Tensors, len(parameters)), make(map[string]growth.Tensors)
	put := func(into growth.Tensors, name string, shape []int, t *tensors.Tensor) error {
		data, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return fmt.Errorf("copying %s to host memory: %w", name, deviceError(err))
		}
		into[name] = growth.Tensor{Shape: shape, Data: data}
		return nil
	}
	for i, p := range parameters {
		snap.Updates[p.Name] = s.Updates[i]
		if err := put(snap.Params, p.Name, p.Shape, s.Parameters[i]); err != nil {
			return snap, err
		}
		for j, m := range optimizer.moments(p) {
			if snap.Moments[m.Name] == nil {
				snap.Moments[m.Name] = make(growth.Tensors)
			}
			if err := put(snap.Moments[m.Name], p.Name, m.Shape, s.Moments[i][j]); err != nil {
				return snap, err
			}
		}
	}
	return snap, nil
}

// Restore returns the state of a snapshot for a model with the given parameters
// and an optimizer. Tensors that are missing, superfluous or of the wrong shape
// are an error. A snapshot without moments, such as imported weights, gets zero
// moments with no updates.
func (snap Snapshot) Restore(parameters []transformer.Param, optimizer Optimizer) (*State, error) {
	return snap.restore(parameters, optimizer, stay)
}

// restore calls place for each tensor, before it makes the next.
func (snap Snapshot) restore(parameters []transformer.Param, optimizer Optimizer, place func(*tensors.Tensor) *tensors.Tensor) (*State, error) {
	if snap.Optimizer != "" && len(snap.Moments) > 0 && snap.Optimizer != optimizer.Name() {
		return nil, fmt.Errorf("the snapshot holds the moments of %s, but %s needs its own; remove the moments, or train with %s", snap.Optimizer, optimizer.Name(), snap.Optimizer)
	}
	s := &State{Step: snap.Step, Updates: make([]int, len(parameters))}
	used := make(map[string]int)
	take := func(from growth.Tensors, what, name string, shape []int) (*tensors.Tensor, error) {
		t, ok := from[name]
		if !ok {
			return nil, fmt.Errorf("the snapshot has no %s %s of shape %v, which the model and its optimizer need", what, name, shape)
		}
		if !slices.Equal(t.Shape, shape) || len(t.Data) != elements(shape) {
			return nil, fmt.Errorf("the snapshot's %s %s has shape %v, but must have %v", what, name, t.Shape, shape)
		}
		used[what]++
		return place(tensors.FromFlatDataAndDimensions(t.Data, shape...)), nil
	}
	for i, p := range parameters {
		t, err := take(snap.Params, "parameter", p.Name, p.Shape)
		if err != nil {
			return nil, err
		}
		s.Parameters = append(s.Parameters, t)
		if len(snap.Moments) > 0 {
			n, ok := snap.Updates[p.Name]
			if !ok {
				return nil, fmt.Errorf("the snapshot has no update count for the moments of %s; use one that has, or remove its moments", p.Name)
			}
			s.Updates[i] = n
		}
		var moments []*tensors.Tensor
		for _, m := range optimizer.moments(p) {
			if len(snap.Moments) == 0 {
				moments = append(moments, place(tensors.FromShape(shapes.Make(dtypes.Float32, m.Shape...))))
				continue
			}
			t, err := take(snap.Moments[m.Name], m.Name+" moment of", p.Name, m.Shape)
			if err != nil {
				return nil, err
			}
			moments = append(moments, t)
		}
		s.Moments = append(s.Moments, moments)
	}
	if n := len(snap.Params); n != used["parameter"] {
		return nil, fmt.Errorf("the snapshot holds %s, but the model has %d", plain.Count(n, "parameter"), used["parameter"])
	}
	for name, of := range snap.Moments {
		if what := name + " moment of"; len(of) != used[what] {
			return nil, fmt.Errorf("the snapshot holds the moment %q for %s, but %s has it for %d", name, plain.Count(len(of), "parameter"), optimizer.Name(), used[what])
		}
	}
	return s, nil
}
