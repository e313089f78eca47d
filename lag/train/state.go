package train

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/transformer"
)

// State is everything that a training step changes. Tensors are in the order
// of the model's parameters.
type State struct {
	Step       int // updates done in this run
	Parameters []*tensors.Tensor
	First      []*tensors.Tensor // Adam's first moment
	Second     []*tensors.Tensor // Adam's second moment

	// Updates counts, for each parameter, the updates that its moments hold:
	// Adam's bias correction follows them. Moments that growth sets to zero
	// start again at 0, or their first updates would come out three times too
	// large (0.1 g / sqrt(0.001 g²)).
	Updates []int
}

// NewState returns the model's initial parameters, with zero moments.
func NewState(parameters []transformer.Param, seed int64) *State {
	s := &State{Updates: make([]int, len(parameters))}
	for _, p := range parameters {
		s.Parameters = append(s.Parameters, tensors.FromFlatDataAndDimensions(p.Initialize(seed), p.Shape...))
		s.First = append(s.First, tensors.FromFlatDataAndDimensions(make([]float32, p.Size()), p.Shape...))
		s.Second = append(s.Second, tensors.FromFlatDataAndDimensions(make([]float32, p.Size()), p.Shape...))
	}
	return s
}

// finalize frees the state's memory now: Go's garbage collector does not see
// what lies on a device.
func (s *State) finalize() error {
	return errors.Join(finalize(s.Parameters), finalize(s.First), finalize(s.Second))
}

func finalize(list []*tensors.Tensor) error {
	var errs []error
	for _, t := range list {
		errs = append(errs, t.FinalizeAll())
	}
	return errors.Join(errs...)
}

// Snapshot is a [State] in host memory, by parameter name: what checkpoints
// hold and growth works on. Moments are Adam's first and second.
type Snapshot struct {
	growth.State
	Step    int
	Updates map[string]int
}

// Snapshot copies the state to host memory.
func (s *State) Snapshot(parameters []transformer.Param) (Snapshot, error) {
	snap := Snapshot{Step: s.Step, Updates: make(map[string]int)}
	for i, p := range parameters {
		snap.Updates[p.Name] = s.Updates[i]
	}
	lists := []([]*tensors.Tensor){s.Parameters, s.First, s.Second}
	maps := make([]growth.Tensors, len(lists))
	for i, list := range lists {
		maps[i] = make(growth.Tensors, len(parameters))
		for j, p := range parameters {
			data, err := tensors.CopyFlatData[float32](list[j])
			if err != nil {
				return snap, fmt.Errorf("copying %s to host memory: %w", p.Name, err)
			}
			maps[i][p.Name] = growth.Tensor{Shape: p.Shape, Data: data}
		}
	}
	snap.Params, snap.Moments = maps[0], maps[1:]
	return snap, nil
}

// Restore returns the state of a snapshot for a model of those parameters. A
// tensor that is missing, left over or of another shape is an error.
func (snap Snapshot) Restore(parameters []transformer.Param) (*State, error) {
	if len(snap.Moments) != 2 {
		return nil, fmt.Errorf("the snapshot holds %d moments for each parameter; AdamW needs 2", len(snap.Moments))
	}
	s := &State{Step: snap.Step, Updates: make([]int, len(parameters))}
	for i, p := range parameters {
		s.Updates[i] = snap.Updates[p.Name]
	}
	for _, part := range []struct {
		from growth.Tensors
		to   *[]*tensors.Tensor
	}{{snap.Params, &s.Parameters}, {snap.Moments[0], &s.First}, {snap.Moments[1], &s.Second}} {
		if len(part.from) != len(parameters) {
			return nil, fmt.Errorf("the snapshot holds %d tensors where the model has %d", len(part.from), len(parameters))
		}
		for _, p := range parameters {
			t, ok := part.from[p.Name]
			if !ok || len(t.Data) != p.Size() || fmt.Sprint(t.Shape) != fmt.Sprint(p.Shape) {
				return nil, fmt.Errorf("the snapshot's tensor %s has shape %v where the model wants %v", p.Name, t.Shape, p.Shape)
			}
			*part.to = append(*part.to, tensors.FromFlatDataAndDimensions(t.Data, p.Shape...))
		}
	}
	return s, nil
}
