package train

import (
	"context"

	"github.com/gomlx/gomlx/core/tensors"
)

// Together returns how many of some batches are evaluated in one execution.
func (p *Program) Together(batches []Batch) int { return p.together(batches) }

// Losses returns the mean loss of batches and that of each.
func (p *Program) Losses(ctx context.Context, s *State, batches []Batch, gates []float32) (mean float64, each []float64, err error) {
	return p.losses(ctx, s, batches, gates)
}

// Copies returns the state's tensors on each device of the program.
func (p *Program) Copies(s *State) (all [][][]float32, err error) {
	list, err := p.onDevices(s)
	if err != nil {
		return nil, err
	}
	for _, device := range list {
		var own [][]float32
		for _, t := range device {
			values, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return nil, err
			}
			own = append(own, values)
		}
		all = append(all, own)
	}
	return all, nil
}

// OnReached sets what is told of moments in the life of a run.
func OnReached(f func(moment string, step int)) { reached = f }

// Gradient returns the derivatives of the loss of the first batch by the
// coefficients, where learning begins: for each stack, by module, row-major.
func (l Learning) Gradient() (loss float64, gradients []map[string][]float32, err error) {
	c, err := l.begin()
	if err != nil {
		return 0, nil, err
	}
	batch, err := l.Batch(0)
	if err != nil {
		return 0, nil, err
	}
	loss, list, err := c.gradient(context.Background(), 0, batch)
	gradients = make([]map[string][]float32, len(l.Stacks))
	for i := range gradients {
		gradients[i] = make(map[string][]float32)
	}
	for i, gradient := range list {
		gradients[c.modules[i].stack][c.modules[i].name] = gradient
	}
	return loss, gradients, err
}
