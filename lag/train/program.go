package train

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/transformer"
)

// Model is what training needs to know of a model.
type Model interface {
	Family() string
	Parameters() []transformer.Param
	Stack() growth.Stack
	// Loss returns, as scalars, the sum of the losses of a batch and the
	// number of predicted tokens. gates is nil or [layers], see [transformer.Gate].
	Loss(w transformer.Weights, inputs []*Node, gates *Node) (loss, predicted *Node)
}

// Program is a model's training step and its evaluation, compiled once for
// each shape of the batch. It holds no state.
type Program struct {
	backend    *backend.Backend
	model      Model
	parameters []transformer.Param
	optimizer  AdamW
	step, eval *Exec
}

// NewProgram prepares the program of a model. It compiles when it is first used.
func NewProgram(b *backend.Backend, model Model, optimizer AdamW) (*Program, error) {
	if err := optimizer.Validate(); err != nil {
		return nil, err
	}
	p := &Program{backend: b, model: model, parameters: model.Parameters(), optimizer: optimizer}
	var err error
	if p.step, err = NewExec(b.Backend, p.stepGraph); err != nil {
		return nil, err
	}
	if p.eval, err = NewExec(b.Backend, p.evalGraph); err != nil {
		return nil, err
	}
	p.step.WithName(model.Family() + " training step")
	p.eval.WithName(model.Family() + " evaluation")
	return p, nil
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
func (p *Program) Step(s *State, batch []*tensors.Tensor, rate float64, gates []float32) (Update, error) {
	n := len(p.parameters)
	corrections := make([]float32, 2*n)
	for i := range n {
		corrections[2*i], corrections[2*i+1] = p.optimizer.corrections(s.Updates[i] + 1)
	}
	args := make([]any, 0, 3*n+len(batch)+3)
	for _, list := range [][]*tensors.Tensor{s.Parameters, s.First, s.Second} {
		for _, t := range list {
			donated, err := DonateTensorBuffer(t, p.backend.Backend, 0)
			if err != nil {
				return Update{}, fmt.Errorf("handing the state to the device: %w", err)
			}
			args = append(args, donated)
		}
	}
	for _, t := range batch {
		args = append(args, t)
	}
	args = append(args, gates, float32(rate), corrections)
	out, err := p.step.Call(args...)
	if err != nil {
		return Update{}, fmt.Errorf("training step %d: %w", s.Step, err)
	}
	u := Update{Loss: float64(tensors.ToScalar[float32](out[0])), GradientNorm: float64(tensors.ToScalar[float32](out[1]))}
	if err := finalize(out[:2]); err != nil {
		return Update{}, err
	}
	out = out[2:]
	s.Parameters, s.First, s.Second = out[:n], out[n:2*n], out[2*n:]
	if !u.Diverged() {
		s.Step++
		for i := range s.Updates {
			s.Updates[i]++
		}
	}
	return u, nil
}

// Loss returns the mean loss over the predicted tokens of all batches, in nats.
func (p *Program) Loss(s *State, batches [][]*tensors.Tensor, gates []float32) (float64, error) {
	var loss, predicted float64
	for _, batch := range batches {
		args := make([]any, 0, len(p.parameters)+len(batch)+1)
		for _, t := range s.Parameters {
			args = append(args, t)
		}
		for _, t := range batch {
			args = append(args, t)
		}
		out, err := p.eval.Call(append(args, gates)...)
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

// stepGraph takes parameters, first and second moments, the batch, gates
// [layers], the learning rate and the bias corrections [parameters*2]; it
// returns the loss, the gradient's norm, and the new parameters and moments.
func (p *Program) stepGraph(args []*Node) []*Node {
	n := len(p.parameters)
	parameters, first, second := args[:n], args[n:2*n], args[2*n:3*n]
	batch, last := args[3*n:len(args)-3], args[len(args)-3:]
	gates, rate, corrections := last[0], last[1], last[2]

	loss, predicted := p.model.Loss(transformer.NewWeights(p.parameters, parameters), batch, gates)
	loss = Div(loss, predicted)
	gradients := Gradient(loss, parameters...)
	var squares *Node
	for _, g := range gradients {
		s := ReduceAllSum(Square(g))
		if squares == nil {
			squares = s
		} else {
			squares = Add(squares, s)
		}
	}
	norm := Sqrt(squares)
	clip := p.optimizer.clip(norm)
	finite := IsFinite(Add(loss, norm))

	out := make([]*Node, 2+3*n)
	out[0], out[1] = loss, norm
	correction := func(i int) *Node { return Reshape(Slice(corrections, AxisElem(i))) }
	for i, parameter := range p.parameters {
		newParameter, newFirst, newSecond := p.optimizer.update(parameters[i], Mul(gradients[i], clip), first[i], second[i],
			rate, correction(2*i), correction(2*i+1), parameter.Decay)
		out[2+i] = Where(finite, newParameter, parameters[i])
		out[2+n+i] = Where(finite, newFirst, first[i])
		out[2+2*n+i] = Where(finite, newSecond, second[i])
	}
	return out
}

func (p *Program) evalGraph(args []*Node) []*Node {
	n := len(p.parameters)
	loss, predicted := p.model.Loss(transformer.NewWeights(p.parameters, args[:n]), args[n:len(args)-1], args[len(args)-1])
	return []*Node{loss, predicted}
}
