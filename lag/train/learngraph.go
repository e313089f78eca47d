package train

import (
	"context"
	"errors"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// gradient returns the objective's loss on a batch, and the gradient of the
// total loss with respect to the coefficients of each module.
func (c *combination) gradient(ctx context.Context, step int, batch Batch) (loss float64, gradients [][]float32, err error) {
	fixed := len(c.source) + len(c.modules)
	exec, err := c.program.compiled("learning of coefficients", fixed, batch, nil, c.graph)
	if err != nil {
		return 0, nil, err
	}
	args := c.sources.arguments(nil)
	for _, m := range c.modules {
		values := make([][]float32, m.to)
		for i, row := range m.rows() {
			for _, x := range row {
				values[i] = append(values[i], float32(x))
			}
		}
		args = append(args, values)
	}
	out, err := exec.Call(ctx, append(appendInputs(args, batch, nil), randomState(c.Seed, step, 0))...)
	if err != nil {
		return 0, nil, err
	}
	for i := range out[0] {
		values, failed := out.take(i)
		if err = errors.Join(err, failed); err != nil {
			continue // continue, to free the others
		}
		if i == 0 {
			loss = float64(values[0])
		} else {
			gradients = append(gradients, values)
		}
	}
	return loss, gradients, err
}

// graph takes the source's parameters, the coefficients of each module, the
// inputs and the random state. It returns the objective's mean loss as a vector
// with one element, and the gradient with respect to each module's
// coefficients.
func (c *combination) graph(e *executable, args []*Node, inputs transformer.Inputs, mode transformer.Mode, rest []*Node) []*Node {
	mode.Dropout = transformer.NewDropout(rest[0])
	source, coefficients := args[:len(c.source)], args[len(c.source):]
	terms := c.program.terms(e, c.combine(source, coefficients), inputs, mode)
	means := make([]*Node, len(terms))
	for i, term := range terms {
		means[i] = Div(term.Sum, term.Count)
	}
	return append([]*Node{Reshape(means[0], 1)}, Gradient(sum(means), coefficients...)...)
}

// combine returns the parameters of the grown model.
func (c *combination) combine(source, coefficients []*Node) []*Node {
	type tensor struct {
		stack  int
		suffix string
	}
	grown := make(map[tensor]*Node) // stacked tensors of all grown layers, [D, ...]
	parameters := make([]*Node, len(c.program.parameters))
	for n, p := range c.program.parameters {
		i, layer, suffix := c.find(p.Name)
		if i < 0 || c.Strategies[i].Learn == nil {
			parameters[n] = source[c.names[p.Name]]
			continue
		}
		key := tensor{i, suffix}
		if grown[key] == nil {
			layers := make([]*Node, c.Stacks[i].Depth)
			for j := range layers {
				layers[j] = source[c.names[sourceName(c.Stacks[i], j, suffix)]]
			}
			for k, m := range c.modules {
				if m.stack == i && m.name == growth.Module(suffix) {
					grown[key] = DotGeneral(coefficients[k], []int{1}, nil, Stack(layers, 0), []int{0}, nil)
				}
			}
		}
		parameters[n] = Reshape(Slice(grown[key], AxisElem(layer)), p.Shape...)
	}
	return parameters
}
