package train

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// stepGraph takes the state, the inputs, the random state, the learning rate
// and the optimizer's scalars of all parameters. It returns a report (the norms
// of update and the means of the terms) and the new state.
func (p *Program) stepGraph(e *executable, state []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node {
	mode.Dropout = transformer.NewDropout(rest[0])
	parameters := state[:len(p.parameters)]
	terms := p.terms(e, parameters, inputs, mode)
	means := make([]*Node, len(terms))
	for i, term := range terms {
		means[i] = Div(term.Sum, term.Count)
	}
	total := sum(means)
	p.replaced(state)
	report, state := p.update(state, Gradient(total, parameters...), total, rest[1], rest[2])
	return append([]*Node{Stack(append(report, means...), 0)}, state...)
}

// gradientGraph takes the parameters, a gradient for each, the inputs, the
// random state and the counts of the terms over all micro-batches. It returns
// the batch's contribution to the means of the terms, and the gradients plus
// those of the batch.
func (p *Program) gradientGraph(e *executable, state []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node {
	mode.Dropout = transformer.NewDropout(rest[0])
	parameters, out := state[:len(p.parameters)], state[len(p.parameters):]
	terms := p.terms(e, parameters, inputs, mode)
	parts := make([]*Node, len(terms))
	for i, term := range terms {
		parts[i] = Div(term.Sum, element(rest[1], i))
	}
	p.replaced(out)
	gradients := []*Node{Stack(parts, 0)}
	for i, gradient := range Gradient(sum(parts), parameters...) {
		gradients = append(gradients, Add(out[i], gradient))
	}
	return gradients
}

// countsGraph returns the counts of the terms. They do not depend on the
// parameters, so it uses zeros instead, and the compiler removes the model.
func (p *Program) countsGraph(e *executable, _ []*Node, inputs transformer.Inputs, mode transformer.Mode, _ []*Node) []*Node {
	var g *Graph
	for _, node := range inputs {
		g = node.Graph()
	}
	parameters := make([]*Node, len(p.parameters))
	for i, declared := range p.parameters {
		parameters[i] = Zeros(g, shapes.Make(dtypes.Float32, declared.Shape...))
	}
	var counts []*Node
	for _, term := range p.terms(e, parameters, inputs, mode) {
		counts = append(counts, term.Count)
	}
	return []*Node{Stack(counts, 0)}
}

// zerosGraph takes 0 and returns zeros in the shapes of all parameters.
func (p *Program) zerosGraph(_ *executable, args []*Node) []*Node {
	zeros := make([]*Node, len(p.parameters))
	for i, declared := range p.parameters {
		zeros[i] = BroadcastToDims(args[0], declared.Shape...)
	}
	return zeros
}

// updateGraph takes the state, a gradient for each parameter, the total loss,
// the learning rate and the optimizer's scalars of all parameters. It returns
// the norms of update and the new state.
func (p *Program) updateGraph(_ *executable, args []*Node) []*Node {
	n := len(args) - 3 - len(p.parameters)
	p.replaced(args[:n])
	report, state := p.update(args[:n], args[n:n+len(p.parameters)], args[n+len(p.parameters)], args[len(args)-2], args[len(args)-1])
	return append([]*Node{Stack(report, 0)}, state...)
}

// replaced lets the results of a graph after the first, which is a report, take
// the memory of donated arguments, one each in the same order.
func (p *Program) replaced(donated []*Node) {
	for i, argument := range donated {
		p.backend.Alias(argument, i+1)
	}
}

// update returns the new state and three norms: the gradient's norm, the root
// mean square of the parameters, and that of their changes. If one of these or
// the total loss is not finite, the state does not change. Parameters that are
// not trained do not change and do not count in the gradient's norm.
func (p *Program) update(state, gradients []*Node, total, rate, scalars *Node) (report, updated []*Node) {
	each := len(p.optimizer.scalars(1))
	partly := scalars.Shape().Size() > each*len(p.parameters)
	trained := make([]*Node, len(p.parameters))
	if partly {
		gradients = slices.Clone(gradients)
		for i := range trained {
			trained[i] = GreaterThan(element(scalars, each*len(p.parameters)+i), ScalarZero(scalars.Graph(), scalars.DType()))
			gradients[i] = Where(trained[i], gradients[i], ZerosLike(gradients[i]))
		}
	}
	norm := globalNorm(gradients)
	clip := clipFactor(norm, p.optimizer.clipNorm())
	parameters, moments := state[:len(p.parameters)], state[len(p.parameters):]
	changes := make([]*Node, len(p.parameters))
	next := make([]func(apply *Node) []*Node, len(p.parameters))
	first := 0
	for i, declared := range p.parameters {
		own := make([]*Node, each)
		for j := range own {
			own[j] = element(scalars, i*each+j)
		}
		changes[i], next[i] = p.optimizer.update(declared, tensorUpdate{
			parameter: parameters[i], gradient: gradients[i], clip: clip,
			moments: moments[first : first+p.layout[i]], rate: rate, scalars: own,
		})
		first += p.layout[i]
		if partly {
			changes[i] = Where(trained[i], changes[i], ZerosLike(changes[i]))
		}
	}
	root := 1 / math.Sqrt(float64(transformer.Count(p.parameters)))
	report = []*Node{norm, MulScalar(globalNorm(parameters), root), MulScalar(globalNorm(changes), root)}
	finite := IsFinite(sum(append([]*Node{total}, report...)))
	var newMoments []*Node
	for i, change := range changes {
		apply := finite
		if partly {
			apply = And(finite, trained[i])
		}
		updated = append(updated, Add(parameters[i], Where(finite, change, ZerosLike(change))))
		newMoments = append(newMoments, next[i](apply)...)
	}
	return report, append(updated, newMoments...)
}

// clipFactor returns the factor that limits the norm of a gradient to greatest,
// by PyTorch's formula (torch.nn.utils.clip_grad_norm_).
func clipFactor(norm *Node, greatest float64) *Node {
	if greatest == 0 {
		return ScalarOne(norm.Graph(), norm.DType())
	}
	return MinScalar(Div(Scalar(norm.Graph(), norm.DType(), greatest), AddScalar(norm, 1e-6)), 1)
}

// globalNorm returns the Euclidean norm of all elements of all tensors.
func globalNorm(list []*Node) *Node {
	squares := make([]*Node, len(list))
	for i, x := range list {
		squares[i] = ReduceAllSum(Square(x))
	}
	return Sqrt(sum(squares))
}

func sum(list []*Node) *Node {
	total := list[0]
	for _, x := range list[1:] {
		total = Add(total, x)
	}
	return total
}

// element returns an element of a vector as a scalar.
func element(vector *Node, i int) *Node { return Reshape(Slice(vector, AxisElem(i))) }
