package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Learning learns the coefficients of strategies, see [growth.LearnedLiGO]. In
// the graph, the parameters of the grown model are linear combinations of the
// source's parameters, which are fixed. Only the coefficients change, by Adam
// (Kingma and Ba 2015, algorithm 1, with its defaults for everything but the
// rate) on the training loss, including dropout. Coefficients and Adam's
// moments are float64 on the host.
type Learning struct {
	Backend    *backend.Backend
	Grown      Model             // the grown model
	Source     Snapshot          // parameters of the source model
	Stacks     []growth.Stack    // stacks of the source model
	Strategies []growth.Strategy // one for each stack; all that learn must have the same [growth.Learning]
	Batch      func(step int) (Batch, error)
	Seed       int64 // seed of dropout
}

// Learned is the result of [Learning.Do].
type Learned struct {
	Strategies []growth.Strategy // one for each stack, with coefficients, for [Snapshot.Grow]
	Losses     []float64         // the objective's loss before the update of each step, in nats per predicted token
}

// Do learns the coefficients. It is deterministic. If no strategy learns, it
// returns the strategies unchanged. Between steps it checks the context, and
// returns its cause after cancellation. A loss or gradient that is not finite
// is an error.
func (l Learning) Do(ctx context.Context) (_ Learned, err error) {
	learned := Learned{Strategies: slices.Clone(l.Strategies)}
	c, err := l.begin()
	if err != nil || c == nil {
		return learned, err
	}
	defer func() { err = errors.Join(err, c.finalize()) }()
	for step := range c.learn.Steps {
		if ctx.Err() != nil {
			return Learned{}, context.Cause(ctx)
		}
		loss, err := c.step(ctx, step)
		if err != nil {
			return Learned{}, fmt.Errorf("learning the coefficients of strategy %q, step %d: %w", c.name, step, err)
		}
		learned.Losses = append(learned.Losses, loss)
	}
	for i, s := range l.Strategies {
		if s.Learn == nil {
			continue
		}
		modules := make(map[string][][]float64)
		for _, m := range c.modules {
			if m.stack == i {
				modules[m.name] = m.rows()
			}
		}
		learned.Strategies[i] = s.Learned(modules)
		if err := learned.Strategies[i].Validate(growth.Depths{l.Stacks[i].Depth}); err != nil {
			return Learned{}, fmt.Errorf("%w; lower the rate of learn, %g", err, c.learn.Rate)
		}
	}
	return learned, nil
}

// combination is the state of [Learning.Do].
type combination struct {
	Learning
	name    string // name of the strategy
	learn   growth.Learning
	modules []*module
	program *Program // for the graph of the grown model
	source  []*tensors.Tensor
	sources copies         // source, with its copies on further devices
	names   map[string]int // index of a source parameter in source
}

// module holds the coefficients of one module of a stack.
type module struct {
	stack         int
	name          string
	from, to      int
	values        []float64 // [to, from], row-major
	first, second []float64 // Adam's moments
}

func (m *module) rows() [][]float64 {
	rows := make([][]float64, m.to)
	for i := range rows {
		rows[i] = slices.Clone(m.values[i*m.from : (i+1)*m.from])
	}
	return rows
}

// begin validates the input and sets the initial coefficients. It returns nil
// if no strategy learns.
func (l Learning) begin() (*combination, error) {
	if len(l.Strategies) != len(l.Stacks) {
		return nil, fmt.Errorf("the source has %s of layers, and the number of strategies given is %d: give one for each", plain.Count(len(l.Stacks), "stack"), len(l.Strategies))
	}
	c := &combination{Learning: l, names: make(map[string]int)}
	for i, s := range l.Strategies {
		if err := s.Validate(growth.Depths{l.Stacks[i].Depth}); err != nil {
			return nil, err
		}
		if s.Learn == nil {
			continue
		}
		if c.name == "" {
			c.name, c.learn = s.Name, *s.Learn
		}
		if c.learn != *s.Learn {
			return nil, fmt.Errorf("strategy %q: one stack learns with %+v and another with %+v: give both the same", s.Name, c.learn, *s.Learn)
		}
	}
	if c.name == "" {
		return nil, nil
	}
	if l.Backend == nil || l.Grown == nil || l.Batch == nil {
		return nil, errors.New("learning coefficients needs a backend, the grown model and batches; give all three")
	}
	var err error
	// The program's optimizer is not used, because its parameters are fixed.
	if c.program, err = NewProgram(l.Backend, l.Grown, NewAdamW()); err != nil {
		return nil, err
	}
	for _, p := range c.program.parameters {
		if err := c.place(p); err != nil {
			return nil, errors.Join(err, finalize(c.source))
		}
	}
	if c.sources, err = c.program.copied(c.source); err != nil {
		return nil, errors.Join(err, finalize(c.source))
	}
	return c, nil
}

// place records the sources and the module of a parameter of the grown model.
func (c *combination) place(p transformer.Param) error {
	i, layer, suffix := c.find(p.Name)
	if i < 0 {
		return c.take(p.Name, p.Shape)
	}
	stack, s := c.Stacks[i], c.Strategies[i]
	if layer >= len(s.Map) {
		return fmt.Errorf("the grown model has a parameter %s, but strategy %q grows to %d layers: give the model of that depth", p.Name, s.Name, len(s.Map))
	}
	if s.Learn == nil {
		if s.Map[layer] != layer {
			return fmt.Errorf("strategy %q learns for only one stack of layers, but its map of the other, %s, moves layers: let both learn, or keep one unchanged", s.Name, stack.Prefix)
		}
		return c.take(p.Name, p.Shape)
	}
	for j := range stack.Depth {
		if err := c.take(sourceName(stack, j, suffix), p.Shape); err != nil {
			return err
		}
	}
	name := growth.Module(suffix)
	if c.module(i, name) == nil {
		m := &module{stack: i, name: name, from: stack.Depth, to: len(s.Map)}
		for _, row := range s.Coefficients(name, m.from) {
			m.values = append(m.values, row...)
		}
		m.first, m.second = make([]float64, len(m.values)), make([]float64, len(m.values))
		c.modules = append(c.modules, m)
	}
	return nil
}

func sourceName(stack growth.Stack, layer int, suffix string) string {
	return stack.Prefix + strconv.Itoa(layer) + "." + suffix
}

// find returns the index of the stack, the layer and the suffix of a parameter
// of the grown model. The stack is -1 for a parameter outside all stacks.
func (c *combination) find(name string) (i, layer int, suffix string) {
	for i, stack := range c.Stacks {
		if layer, suffix, ok := stack.Split(name); ok {
			return i, layer, suffix
		}
	}
	return -1, 0, ""
}

func (c *combination) module(stack int, name string) *module {
	i := slices.IndexFunc(c.modules, func(m *module) bool { return m.stack == stack && m.name == name })
	if i < 0 {
		return nil
	}
	return c.modules[i]
}

// take adds a parameter of the source to c.source, unless it is there.
func (c *combination) take(name string, shape []int) error {
	if _, ok := c.names[name]; ok {
		return nil
	}
	t, ok := c.Source.Params[name]
	if !ok || !slices.Equal(t.Shape, shape) || len(t.Data) != elements(shape) {
		return fmt.Errorf("the source model has no parameter %s of shape %v, which the grown model needs: give the source that the strategy grows", name, shape)
	}
	c.names[name] = len(c.source)
	c.source = append(c.source, tensors.FromFlatDataAndDimensions(t.Data, shape...))
	return nil
}

func (c *combination) finalize() error {
	if c.program.backend.Left() {
		return c.sources.finalize() // a compilation still uses its executable
	}
	for _, exec := range c.program.execs {
		exec.Finalize()
	}
	return c.sources.finalize()
}

// step updates the coefficients once and returns the loss before the update.
func (c *combination) step(ctx context.Context, step int) (float64, error) {
	batch, err := c.Batch(step)
	if err != nil {
		return 0, err
	}
	loss, gradients, err := c.gradient(ctx, step, batch)
	if err = errors.Join(err, batch.Finalize()); err != nil {
		return 0, err
	}
	sum := loss
	for _, gradient := range gradients {
		for _, g := range gradient {
			sum += float64(g)
		}
	}
	if !finite(sum) {
		return 0, fmt.Errorf("%w: lower the rate of learn, %g, or leave the strategy out", ErrDiverged, c.learn.Rate)
	}
	for i, m := range c.modules {
		m.adam(gradients[i], c.learn.Rate, step+1)
	}
	return loss, nil
}

// adam applies the n-th update, counted from 1.
func (m *module) adam(gradient []float32, rate float64, n int) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	for i, g32 := range gradient {
		g := float64(g32)
		m.first[i] = beta1*m.first[i] + (1-beta1)*g
		m.second[i] = beta2*m.second[i] + (1-beta2)*g*g
		first, second := m.first[i]/(1-math.Pow(beta1, float64(n))), m.second[i]/(1-math.Pow(beta2, float64(n)))
		m.values[i] -= rate * first / (math.Sqrt(second) + epsilon)
	}
}
