package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Batch holds the tensors of a batch, by name.
type Batch = transformer.Batch

// Model is the interface of a model for training.
type Model interface {
	Family() string
	Validate() error
	Parameters() []transformer.Param
	// Stacks returns the model's stacks of layers. Gates have the same order.
	Stacks() []growth.Stack
	// Loss returns the terms of the loss of a batch. The first is the
	// objective's cross-entropy in nats per predicted token, which training
	// reports. Training minimizes the sum of all terms.
	Loss(w transformer.Weights, inputs transformer.Inputs, mode transformer.Mode) []transformer.Term
}

// Program compiles and runs a model's training step and evaluation, once for
// each shape of the batch. It has no state.
type Program struct {
	backend    *backend.Backend
	model      Model
	parameters []transformer.Param
	optimizer  Optimizer
	group      *group                 // devices that run it together
	layout     []int                  // number of moments of each parameter
	execs      map[string]*executable // by purpose and names of inputs
	single     bool                   // the model's loss cannot be given for several batches at once
}

// NewProgram returns the program of a model. It is compiled when it is first used.
// The backend's devices that work together, see [backend.OpenDevices], run it
// together: each computes a part of every batch, whose size must be a multiple of
// their number, and has a copy of the state.
func NewProgram(b *backend.Backend, model Model, optimizer Optimizer) (*Program, error) {
	if model == nil || optimizer == nil {
		return nil, errors.New("a program needs a model and an optimizer; give both")
	}
	if err := errors.Join(model.Validate(), optimizer.Validate()); err != nil {
		return nil, err
	}
	devices, err := newGroup(b.Together())
	if err != nil {
		return nil, err
	}
	p := &Program{backend: b, group: devices, model: model, parameters: model.Parameters(), optimizer: optimizer, execs: make(map[string]*executable)}
	for _, parameter := range p.parameters {
		p.layout = append(p.layout, len(optimizer.moments(parameter)))
	}
	return p, nil
}

// Parameters returns the model's parameters in the order of a [State].
func (p *Program) Parameters() []transformer.Param { return p.parameters }

// Snapshot copies a state of the program to host memory.
func (p *Program) Snapshot(s *State) (Snapshot, error) { return s.Snapshot(p.parameters, p.optimizer) }

// Restore returns the state of a snapshot.
func (p *Program) Restore(snap Snapshot) (*State, error) {
	return snap.restore(p.parameters, p.optimizer, p.place)
}

// NewState returns the initial state.
func (p *Program) NewState(seed int64) *State {
	return newState(p.parameters, p.optimizer, seed, p.place)
}

// place moves a tensor to the device. Without that, the copies in host memory
// would stay for as long as Go sees no need to collect garbage, next to those
// that training makes. If the device refuses the tensor, it stays in host
// memory: whoever uses it then gets the error.
func (p *Program) place(t *tensors.Tensor) *tensors.Tensor {
	if err := t.MaterializeOnDevice(p.backend.Backend, false, 0); err == nil {
		t.FinalizeLocal()
	}
	return t
}

// checkGates returns an error unless there is one gate for each layer, or none.
func (p *Program) checkGates(gates []float32) error {
	layers := 0
	for _, stack := range p.model.Stacks() {
		layers += stack.Depth
	}
	if gates != nil && len(gates) != layers {
		return fmt.Errorf("the number of gates given is %d, and the model has %s; give one for each, or none", len(gates), plain.Count(layers, "layer"))
	}
	return nil
}

// executable is a compiled function.
type executable struct {
	*Exec
	backend *backend.Backend
	group   *group
	divided divided
	last    []shapes.Shape // of the arguments for which it was compiled last
	terms   []string       // names of the terms of the loss, known after the first call
	built   bool           // whether the graph was built since the last trim
	invalid bool           // whether building the graph panicked; GoMLX returns this like an error of the device
}

// compileFor compiles the executable for the shapes of args, if necessary. If the
// context is canceled meanwhile, it returns its cause; see [backend.Backend.Leave].
func (e *executable) compileFor(ctx context.Context, args []any) error {
	list := make([]shapes.Shape, len(args))
	for i, arg := range args {
		var err error
		if each, ok := arg.(spread); ok {
			arg = each[0]
		}
		if t, ok := arg.(*tensors.Tensor); ok {
			if err := t.CheckValid(); err != nil {
				return err
			}
			list[i] = t.Shape()
		} else if list[i], err = shapes.FromAnyValue(arg); err != nil {
			return err
		}
		if e.divided.has(i) && e.group.n > 1 {
			if list[i], err = e.group.part(list[i]); err != nil {
				return err
			}
		}
	}
	list = slices.Repeat(list, e.group.n)
	if slices.EqualFunc(e.last, list, shapes.Shape.Equal) {
		return nil
	}
	err := e.backend.Leave(ctx, func() error {
		_, err := e.Compile(list...)
		e.trim()
		return e.failed(err)
	})
	if err == nil {
		e.last = list
	}
	return err
}

// trim gives back the memory that compiling needed.
func (e *executable) trim() {
	if e.built {
		e.built = false
		backend.Trim()
	}
}

// graph builds the computation of an executable. It takes the state or a part
// of it, the model's inputs, and further arguments.
type graph func(e *executable, state []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node

// terms builds the model's loss.
func (p *Program) terms(e *executable, parameters []*Node, inputs transformer.Inputs, mode transformer.Mode) []transformer.Term {
	terms := p.model.Loss(transformer.NewWeights(p.parameters, parameters), inputs, mode)
	e.terms = e.terms[:0]
	for _, term := range terms {
		e.terms = append(e.terms, term.Name)
	}
	return terms
}

// compiled returns the executable of a graph for batches with the same tensor
// names. Its arguments are the given number of tensors of the state, the batch,
// the gates, and the graph's further arguments.
func (p *Program) compiled(what string, state int, batch Batch, gates []float32, build graph) (*executable, error) {
	if err := p.checkGates(gates); err != nil {
		return nil, err
	}
	names := names(batch)
	key := fmt.Sprintf("%s %s gates=%t", what, strings.Join(names, " "), gates != nil)
	return p.executable(key, what, divided{state, len(names)}, func(e *executable, args []*Node) []*Node {
		inputs, mode, next := make(transformer.Inputs), transformer.Mode{}, state
		for _, name := range names {
			inputs[name] = args[next]
			next++
		}
		if gates != nil {
			mode.Gates = args[next]
			next++
		}
		return build(e, args[:state], inputs, mode, args[next:])
	})
}

// executable returns the executable for a key. The first call compiles it.
func (p *Program) executable(key, what string, batch divided, build func(e *executable, args []*Node) []*Node) (*executable, error) {
	if e, ok := p.execs[key]; ok {
		return e, nil
	}
	e := &executable{backend: p.backend, group: p.group, divided: batch}
	var err error
	if e.Exec, err = NewExec(p.backend.Backend, func(args []*Node) []*Node {
		e.built, e.invalid = true, true
		out := build(e, args)
		e.invalid = false
		return out
	}); err != nil {
		return nil, fmt.Errorf("preparing the %s: %w", what, err)
	}
	e.WithName(p.model.Family() + " " + what)
	p.group.distribute(e)
	p.execs[key] = e
	return e, nil
}

// names returns the names of a batch's tensors in the order of arguments.
func names(batch Batch) []string { return slices.Sorted(maps.Keys(batch)) }

// appendInputs appends the tensors of a batch and, unless nil, the gates.
func appendInputs(args []any, batch Batch, gates []float32) []any {
	for _, name := range names(batch) {
		args = append(args, batch[name])
	}
	if gates != nil {
		args = append(args, gates)
	}
	return args
}

func appendTensors(args []any, list []*tensors.Tensor) []any {
	for _, t := range list {
		args = append(args, t)
	}
	return args
}

// appendDonated appends tensors whose memory the devices may reuse for the
// results. They are invalid after the call.
func (p *Program) appendDonated(args []any, list copies) ([]any, error) {
	for i := range list[0] {
		each := make(spread, len(list))
		for device, own := range list {
			var err error
			if each[device], err = DonateTensorBuffer(own[i], p.backend.Backend, compute.DeviceNum(device)); err != nil {
				return nil, fmt.Errorf("handing the state over: %w", deviceError(err))
			}
		}
		if len(each) == 1 {
			args = append(args, each[0])
		} else {
			args = append(args, each)
		}
	}
	return args, nil
}
