package objective

import (
	"math/rand/v2"
	"slices"
)

// ShuffleContext returns the batch with the context of each row in random
// order: the tokens that are not predicted, without [CLS], [SEP] and padding.
// If this does not increase a model's loss, the model uses which tokens occur
// in the context, but not their positions.
func (b MLMBatch) ShuffleContext(seed int64) MLMBatch {
	b.Tokens = slices.Clone(b.Tokens)
	for row := range b.Size {
		tokens := b.Tokens[row*b.Length : (row+1)*b.Length]
		predicted := make([]bool, b.Length)
		for slot := row * b.Predictions; slot < (row+1)*b.Predictions; slot++ {
			if b.Weights[slot] != 0 {
				predicted[b.Positions[slot]] = true
			}
		}
		var context []int
		for i := 1; i < int(b.Lengths[row])-1; i++ {
			sep := b.Segments != nil && b.Segments[row*b.Length+i] != b.Segments[row*b.Length+i+1]
			if !predicted[i] && !sep {
				context = append(context, i)
			}
		}
		r := rand.New(rand.NewPCG(uint64(seed), mix(uint64(row))))
		r.Shuffle(len(context), func(i, j int) {
			tokens[context[i]], tokens[context[j]] = tokens[context[j]], tokens[context[i]]
		})
	}
	return b
}
