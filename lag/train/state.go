package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// State is everything that a training step changes. Lists are in the order of
// the model's parameters. Dropout has no state: its random numbers are a
// function of the seed and the step.
type State struct {
	Step       int // updates done in this run
	Parameters []*tensors.Tensor
	Moments    [][]*tensors.Tensor // of each parameter, those that the optimizer declares for it

	// Updates counts, for each parameter, the updates that its moments hold:
	// Adam's bias correction and Adafactor's decay follow them. Moments that
	// growth sets to zero start again at 0, or their first updates would come
	// out too large (with Adam 0.1 g / sqrt(0.001 g²), three times).
	Updates []int

	lost bool // its tensors were donated to an execution that failed
}

// usable is an error where the state was lost.
func (s *State) usable() error {
	if s.lost {
		return fmt.Errorf("the state was lost at step %d, when the device failed; restore it from a snapshot", s.Step)
	}
	return nil
}

// NewState returns the model's initial parameters, with zero moments.
func NewState(parameters []transformer.Param, optimizer Optimizer, seed int64) *State {
	s := &State{Updates: make([]int, len(parameters))}
	for _, p := range parameters {
		s.Parameters = append(s.Parameters, tensors.FromFlatDataAndDimensions(p.Initialize(seed), p.Shape...))
		var moments []*tensors.Tensor
		for _, m := range optimizer.moments(p) {
			moments = append(moments, tensors.FromFlatDataAndDimensions(make([]float32, elements(m.Shape)), m.Shape...))
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

// all returns the parameters and then their moments, in one list.
func (s *State) all() []*tensors.Tensor {
	list := slices.Clone(s.Parameters)
	for _, moments := range s.Moments {
		list = append(list, moments...)
	}
	return list
}

// setAll sets what all returns. A state that was lost is there again.
func (s *State) setAll(list []*tensors.Tensor) {
	n := copy(s.Parameters, list)
	for _, moments := range s.Moments {
		n += copy(moments, list[n:])
	}
	s.lost = false
}

// Finalize frees the state's memory now: Go's garbage collector does not see
// what lies on a device.
func (s *State) Finalize() error { return finalize(s.all()) }

func finalize(list []*tensors.Tensor) error {
	var errs []error
	for _, t := range list {
		errs = append(errs, t.FinalizeAll())
	}
	return errors.Join(errs...)
}

// Snapshot is a [State] in host memory, by parameter name: what checkpoints
// hold and growth works on.
type Snapshot struct {
	growth.State
	Step      int
	Updates   map[string]int
	Optimizer string // the name of the one whose moments these are; empty: not said
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

// Restore returns the state of a snapshot for a model of those parameters and
// an optimizer. A tensor that is missing, left over or of another shape is an
// error. A snapshot without any moments, such as imported weights, gets zeros,
// which hold no updates.
func (snap Snapshot) Restore(parameters []transformer.Param, optimizer Optimizer) (*State, error) {
	if snap.Optimizer != "" && len(snap.Moments) > 0 && snap.Optimizer != optimizer.Name() {
		return nil, fmt.Errorf("the snapshot holds the moments of %s where %s needs its own; drop the moments, or train with %s", snap.Optimizer, optimizer.Name(), snap.Optimizer)
	}
	s := &State{Step: snap.Step, Updates: make([]int, len(parameters))}
	used := make(map[string]int)
	take := func(from growth.Tensors, what, name string, shape []int) (*tensors.Tensor, error) {
		t, ok := from[name]
		if !ok {
			return nil, fmt.Errorf("the snapshot has no %s %s, which the model and its optimizer want in shape %v", what, name, shape)
		}
		if !slices.Equal(t.Shape, shape) || len(t.Data) != elements(shape) {
			return nil, fmt.Errorf("the snapshot's %s %s has shape %v where %v is wanted", what, name, t.Shape, shape)
		}
		used[what]++
		return tensors.FromFlatDataAndDimensions(t.Data, shape...), nil
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
				return nil, fmt.Errorf("the snapshot does not say how many updates the moments of %s hold; take one that does, or drop its moments", p.Name)
			}
			s.Updates[i] = n
		}
		var moments []*tensors.Tensor
		for _, m := range optimizer.moments(p) {
			t := tensors.FromFlatDataAndDimensions(make([]float32, elements(m.Shape)), m.Shape...)
			if len(snap.Moments) > 0 {
				if t, err = take(snap.Moments[m.Name], m.Name+" moment of", p.Name, m.Shape); err != nil {
					return nil, err
				}
			}
			moments = append(moments, t)
		}
		s.Moments = append(s.Moments, moments)
	}
	if n := len(snap.Params); n != used["parameter"] {
		return nil, fmt.Errorf("the snapshot holds %d parameters where the model has %d", n, used["parameter"])
	}
	for name, of := range snap.Moments {
		if what := name + " moment of"; len(of) != used[what] {
			return nil, fmt.Errorf("the snapshot holds a moment %q of %d parameters, where %s keeps one of %d", name, len(of), optimizer.Name(), used[what])
		}
	}
	return s, nil
}
