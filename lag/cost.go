package lag

import (
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
)

// Cost is what a training step takes, by count.
type Cost struct {
	Tokens int     // that the model reads, padding included; of an encoder-decoder inputs and targets
	FLOPs  float64 // floating-point operations, forward and backward
	Memory train.MemoryUse
}

// Cost returns what a training step takes on batches of the shapes of this one,
// each cut into micro-batches.
func (m Model) Cost(batch train.Batch, optimizer train.Optimizer, microBatches int) Cost {
	dimensions := func(name string) (int, int) { d := batch[name].Shape().Dimensions; return d[0], d[1] }
	var c Cost
	var activations int64
	switch config := m.Model.(type) {
	case bert.Config:
		B, L := dimensions(bert.InputIDs)
		_, P := dimensions(bert.PositionsName)
		c.Tokens, c.FLOPs, activations = B*L, config.FLOPsPerStep(B, L, P), config.ActivationBytes(B/microBatches, L, P)
	case ul2.Config:
		B, Lt := dimensions(ul2.Labels)
		Lin := 0
		if config.Form == ul2.EncoderDecoder {
			_, Lin = dimensions(ul2.InputIDs)
		}
		c.Tokens, c.FLOPs, activations = B*(Lin+Lt), config.FLOPsPerStep(B, Lin, Lt), config.ActivationBytes(B/microBatches, Lin, Lt)
	}
	c.Memory = train.Memory(m.Parameters(), optimizer, activations)
	return c
}
