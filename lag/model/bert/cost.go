package bert

import "github.com/landscape-aware/growing/lag/model/transformer"

// FLOPsPerStep returns the number of floating point operations of one training
// step on batch sequences of length tokens with predictions predicted positions
// each. It counts 2 operations per multiply-add of matrix products, and twice
// the forward pass for the backward pass (Kaplan et al. 2020, section 2.1, here
// including attention scores, the heads and the vocabulary projection). It does
// not count what gradient checkpointing computes again, because that is not
// part of the model's work.
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

// ActivationBytes estimates the memory for the activations of a training step:
// what the forward pass stores for the backward pass, without parameters,
// gradients and optimizer moments. It counts elements as in Korthikanti et al.
// 2022 (arXiv 2205.05198, section 4.1), and what XLA stores in addition:
//
//	layer  10·BLH: x, q, k, v, context, x again, and two for each of the norms
//	       4·BLF: GELU's input and output, its erf and Φ
//	       2·BALL, float32: the exponentials of the scores and the probabilities;
//	       one more with dropout on them; one more in the precision if that is another
//	heads  2·BPV + 4·BPH, float32: logits and their gradient, the transform
//	model  layers·layer + BLH + heads
//	       with gradient checkpointing layers·BLH + layer + heads
//
// Measured with XLA's CPU client, one more sequence in the batch took 1.04 and
// 1.05 times the estimate at H = 768 (L = 128 and 512), 0.83 times at H = 256,
// and 0.70 times with gradient checkpointing. The estimate does not apply to
// flash attention, which stores no probabilities.
func (c Config) ActivationBytes(batch, length, predictions int) int64 {
	const float32Size = 4
	B, L, P := int64(batch), int64(length), int64(predictions)
	H, F, V, A := int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.VocabSize), int64(c.Heads)
	size := int64(c.Precision.DType().Size())

	probability := int64(2 * float32Size) // bytes per probability
	if c.AttentionDropout > 0 {
		probability += float32Size
	}
	if c.Precision != transformer.Float32 {
		probability += size
	}
	hidden := B * L * H * size
	layer := 10*hidden + 4*B*L*F*size + B*A*L*L*probability
	heads := (2*B*P*V + 4*B*P*H) * float32Size
	layers := int64(c.Layers)
	if c.GradientCheckpointing {
		return layers*hidden + layer + heads
	}
	return layers*layer + hidden + heads
}
