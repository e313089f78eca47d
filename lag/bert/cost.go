package bert

import "github.com/landscape-aware/growing/lag/transformer"

// FLOPsPerStep is the number of floating point operations of one training step
// on batch sequences of length tokens with predictions predicted positions
// each: matrix products at 2 operations a multiply-add, the backward pass at
// twice the forward (Kaplan et al. 2020, section 2.1, with attention scores,
// the heads and the vocabulary projection counted too). What gradient
// checkpointing computes again is not counted: it is no work of the model's.
func (c Config) FLOPsPerStep(batch, length, predictions int) float64 {
	H, F, V := float64(c.HiddenSize), float64(c.IntermediateSize), float64(c.VocabSize)
	B, L, P := float64(batch), float64(length), float64(predictions)
	layer := 2*L*(4*H*H+2*H*F) + 2*2*L*L*H
	head := 2 * P * (H*H + H*V)
	if c.NextSentence {
		head += 2 * (H*H + 2*H)
	}
	return 3 * B * (float64(c.Layers)*layer + head)
}

// ActivationBytes estimates the memory that the activations of a training step
// take: what the forward pass keeps for the backward pass, beside parameters,
// gradients and optimizer moments. It counts as Korthikanti et al. 2022
// (arXiv 2205.05198, section 4.1) do, in elements, and takes elementwise
// operations as fused:
//
//	layer  8·BLH + 2·BLF + BALL: the inputs of its matrix products (x, q, k, v,
//	       context, x again, GELU's output), of its two norms and of GELU, and
//	       the attention probabilities, twice with dropout on them
//	heads  2·BPV + 4·BPH, float32: logits and their gradient
//	model  layers·layer + BLH + heads
//	       with gradient checkpointing (layers-1)·BLH + layer + BLH + heads
//
// at the size of the precision; probabilities are kept in float32 besides where
// that is another. A compiler keeps less where it computes again and more where
// it does not fuse: expect the truth within a factor of two. Flash attention,
// which keeps no probabilities, is not foreseen.
func (c Config) ActivationBytes(batch, length, predictions int) int64 {
	B, L, P := int64(batch), int64(length), int64(predictions)
	H, F, V, A := int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.VocabSize), int64(c.Heads)
	const float32Size = 4
	size := int64(c.Precision.DType().Size())

	probabilities := B * A * L * L * size
	if c.AttentionDropout > 0 {
		probabilities *= 2
	}
	if c.Precision != transformer.Float32 {
		probabilities += B * A * L * L * float32Size
	}
	hidden := B * L * H * size
	layer := 8*hidden + 2*B*L*F*size + probabilities
	heads := (2*B*P*V + 4*B*P*H) * float32Size
	layers := int64(c.Layers)
	if c.GradientCheckpointing {
		return (layers-1)*hidden + layer + hidden + heads
	}
	return layers*layer + hidden + heads
}
