package train

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
	loss, list, err := c.gradient(0, batch)
	gradients = make([]map[string][]float32, len(l.Stacks))
	for i := range gradients {
		gradients[i] = make(map[string][]float32)
	}
	for i, gradient := range list {
		gradients[c.modules[i].stack][c.modules[i].name] = gradient
	}
	return loss, gradients, err
}
