package train

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/transformer"
)

// Batch holds the tensors of a batch, by name.
type Batch = transformer.Batch

// Model is what training needs to know of a model.
type Model interface {
	Family() string
	Validate() error
	Parameters() []transformer.Param
	// Stacks are the model's stacks of layers. Gates are in this order.
	Stacks() []growth.Stack
	// Loss returns the terms of the loss of a batch. The first is the
	// objective's cross-entropy in nats per predicted token, which is what
	// training reports; the others are minimized with it.
	Loss(w transformer.Weights, inputs transformer.Inputs, mode transformer.Mode) []transformer.Term
}

// Program is a model's training step and its evaluation, compiled once for
// each shape of the batch. It holds no state.
type Program struct {
	backend    *backend.Backend
	model      Model
	parameters []transformer.Param
	optimizer  Optimizer
	layout     []int            // moments of each parameter
	execs      map[string]*Exec // by what they compute and the names of their inputs
}

// NewProgram prepares the program of a model. It compiles when it is first used.
func NewProgram(b *backend.Backend, model Model, optimizer Optimizer) (*Program, error) {
	if err := errors.Join(model.Validate(), optimizer.Validate()); err != nil {
		return nil, err
	}
	p := &Program{backend: b, model: model, parameters: model.Parameters(), optimizer: optimizer, execs: make(map[string]*Exec)}
	for _, parameter := range p.parameters {
		p.layout = append(p.layout, len(optimizer.moments(parameter)))
	}
	return p, nil
}

// Parameters are the model's, in the order of a [State].
func (p *Program) Parameters() []transformer.Param { return p.parameters }

// Snapshot copies a state of the program to host memory.
func (p *Program) Snapshot(s *State) (Snapshot, error) { return s.Snapshot(p.parameters, p.optimizer) }

// Restore returns the state of a snapshot.
func (p *Program) Restore(snap Snapshot) (*State, error) {
	return snap.Restore(p.parameters, p.optimizer)
}

// NewState returns the initial state.
func (p *Program) NewState(seed int64) *State { return NewState(p.parameters, p.optimizer, seed) }

// Step is what a training step takes beside the state.
type Step struct {
	Batches []Batch   // one
	Rate    float64   // learning rate
	Gates   []float32 // of the model's layers, see [transformer.Gate]; nil leaves all open
	Seed    int64     // of dropout: its random numbers depend on it and on the state's Step
}

// Update is what a training step reports.
type Update struct {
	Loss         float64 // before the update, nats, a mean over the predicted tokens
	GradientNorm float64 // global norm before clipping
}

// Diverged tells whether the step met a number that is not finite. Such a step changes nothing.
func (u Update) Diverged() bool {
	return math.IsNaN(u.Loss+u.GradientNorm) || math.IsInf(u.Loss+u.GradientNorm, 0)
}

// Step does one update of the state with a batch, the inputs of the model's
// Loss. The state's tensors are donated to the device and replaced.
func (p *Program) Step(s *State, step Step) (Update, error) {
	if len(step.Batches) != 1 {
		return Update{}, fmt.Errorf("a training step takes one batch, not %d", len(step.Batches))
	}
	batch := step.Batches[0]
	exec, err := p.exec("training step", batch, step.Gates, p.stepGraph)
	if err != nil {
		return Update{}, err
	}
	var args []any
	for _, t := range s.all() {
		donated, err := DonateTensorBuffer(t, p.backend.Backend, 0)
		if err != nil {
			return Update{}, fmt.Errorf("handing the state to the device: %w", err)
		}
		args = append(args, donated)
	}
	args = appendInputs(args, batch, step.Gates)
	var scalars []float32
	for i := range p.parameters {
		scalars = append(scalars, p.optimizer.scalars(s.Updates[i]+1)...)
	}
	args = append(args, float32(step.Rate), scalars, randomState(step.Seed, s.Step, 0))
	out, err := exec.Call(args...)
	if err != nil {
		return Update{}, fmt.Errorf("training step %d: %w", s.Step, err)
	}
	u := Update{Loss: float64(tensors.ToScalar[float32](out[0])), GradientNorm: float64(tensors.ToScalar[float32](out[1]))}
	if err := finalize(out[:2]); err != nil {
		return Update{}, err
	}
	s.setAll(out[2:])
	if !u.Diverged() {
		s.Step++
		for i := range s.Updates {
			s.Updates[i]++
		}
	}
	return u, nil
}

// Loss returns the mean loss over the predicted tokens of all batches, in nats.
func (p *Program) Loss(s *State, batches []Batch, gates []float32) (float64, error) {
	var loss, predicted float64
	for _, batch := range batches {
		exec, err := p.exec("evaluation", batch, gates, p.evalGraph)
		if err != nil {
			return 0, err
		}
		var args []any
		for _, t := range s.Parameters {
			args = append(args, t)
		}
		out, err := exec.Call(appendInputs(args, batch, gates)...)
		if err != nil {
			return 0, fmt.Errorf("evaluation at step %d: %w", s.Step, err)
		}
		loss += float64(tensors.ToScalar[float32](out[0]))
		predicted += float64(tensors.ToScalar[float32](out[1]))
		if err := finalize(out); err != nil {
			return 0, err
		}
	}
	return loss / predicted, nil
}

// randomState is the state of the device's random number generator for a
// micro-batch of a step.
func randomState(seed int64, step, microBatch int) []uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "dropout %d %d %d", seed, step, microBatch))
	state := make([]uint64, RNGStateShape.Size())
	for i := range state {
		state[i] = binary.LittleEndian.Uint64(sum[8*i:])
	}
	return state
}

// names are the names of a batch's tensors, in the order in which they are passed.
func names(batch Batch) []string { return slices.Sorted(maps.Keys(batch)) }

// appendInputs appends a batch and, unless they are nil, the gates.
func appendInputs(args []any, batch Batch, gates []float32) []any {
	for _, name := range names(batch) {
		args = append(args, batch[name])
	}
	if gates != nil {
		args = append(args, gates)
	}
	return args
}

// graph is what a compiled function computes of a model's inputs: args begins
// with the state, and rest holds what follows the inputs.
type graph func(args []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node

// exec returns the compiled form of a graph for batches with the names of this one.
func (p *Program) exec(what string, batch Batch, gates []float32, build graph) (*Exec, error) {
	names := names(batch)
	key := fmt.Sprintf("%s %s gates=%t", what, strings.Join(names, " "), gates != nil)
	if e, ok := p.execs[key]; ok {
		return e, nil
	}
	states := len(p.parameters)
	if what != "evaluation" {
		for _, n := range p.layout {
			states += n
		}
	}
	e, err := NewExec(p.backend.Backend, func(args []*Node) []*Node {
		inputs, mode, next := make(transformer.Inputs), transformer.Mode{}, states
		for _, name := range names {
			inputs[name] = args[next]
			next++
		}
		if gates != nil {
			mode.Gates = args[next]
			next++
		}
		return build(args[:states], inputs, mode, args[next:])
	})
	if err != nil {
		return nil, err
	}
	e.WithName(p.model.Family() + " " + what)
	p.execs[key] = e
	return e, nil
}

// stepGraph takes the state, and after the inputs the learning rate, the
// optimizer's scalars of all parameters and the random state; it returns the
// loss, the gradient's norm, and the new state.
func (p *Program) stepGraph(state []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node {
	rate, scalars, random := rest[0], rest[1], rest[2]
	mode.Dropout = transformer.NewDropout(random)
	parameters := state[:len(p.parameters)]
	terms := p.model.Loss(transformer.NewWeights(p.parameters, parameters), inputs, mode)
	var total *Node
	for i, term := range terms {
		if mean := Div(term.Sum, term.Count); i == 0 {
			total = mean
		} else {
			total = Add(total, mean)
		}
	}
	loss := Div(terms[0].Sum, terms[0].Count)
	gradients := Gradient(total, parameters...)
	var squares *Node
	for i, g := range gradients {
		if s := ReduceAllSum(Square(g)); i == 0 {
			squares = s
		} else {
			squares = Add(squares, s)
		}
	}
	norm := Sqrt(squares)
	clip := clipFactor(norm, p.optimizer.clipNorm())
	finite := IsFinite(Add(total, norm))

	out := []*Node{loss, norm}
	var moments []*Node
	next, scalar, each := len(parameters), 0, scalars.Shape().Size()/len(parameters)
	for i, declared := range p.parameters {
		old := state[next : next+p.layout[i]]
		next += p.layout[i]
		var own []*Node
		for range each {
			own = append(own, Reshape(Slice(scalars, AxisElem(scalar))))
			scalar++
		}
		newParameter, newMoments := p.optimizer.update(declared, parameters[i], Mul(gradients[i], clip), old, rate, own)
		out = append(out, Where(finite, newParameter, parameters[i]))
		for j, m := range newMoments {
			moments = append(moments, Where(finite, m, old[j]))
		}
	}
	return append(out, moments...)
}

// clipFactor brings a gradient of that norm under the greatest norm, by
// PyTorch's formula (torch.nn.utils.clip_grad_norm_).
func clipFactor(norm *Node, greatest float64) *Node {
	if greatest == 0 {
		return ScalarOne(norm.Graph(), norm.DType())
	}
	return MinScalar(Div(Scalar(norm.Graph(), norm.DType(), greatest), AddScalar(norm, 1e-6)), 1)
}

func (p *Program) evalGraph(parameters []*Node, inputs transformer.Inputs, mode transformer.Mode, _ []*Node) []*Node {
	term := p.model.Loss(transformer.NewWeights(p.parameters, parameters), inputs, mode)[0]
	return []*Node{term.Sum, term.Count}
}
