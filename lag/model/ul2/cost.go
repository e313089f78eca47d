package ul2

// FLOPsPerStep returns the number of floating point operations of one training
// step on batch sequences, with inputLength tokens for the encoder and
// targetLength for the decoder. In the decoder forms inputLength is 0, and
// targetLength is the length of the whole sequence.
//
// It counts 2 operations per multiply-add of matrix products, and twice the
// forward pass for the backward pass. Attention scores and their products with
// the values count in full, masked or not (Kaplan et al. 2020, section 2.1,
// here including scores, cross-attention and the head). Not counted are the
// lookup of embeddings, the relative biases, elementwise operations, and what
// gradient checkpointing computes again.
func (c Config) FLOPsPerStep(batch, inputLength, targetLength int) float64 {
	H, I, F, V := float64(c.HiddenSize), float64(c.Heads*c.HeadSize), float64(c.IntermediateSize), float64(c.VocabSize)
	Lin, Lt := float64(inputLength), float64(targetLength)

	// attention of queries to memory: q and o, k and v, scores and their
	// products with v.
	attention := func(queries, memory float64) float64 {
		return 2*queries*2*H*I + 2*memory*2*H*I + 2*2*queries*memory*I
	}
	feedForward := func(length float64) float64 { return 2 * length * 3 * H * F }

	decoder := attention(Lt, Lt) + feedForward(Lt)
	var encoder float64
	if c.Form == EncoderDecoder {
		encoder = attention(Lin, Lin) + feedForward(Lin)
		decoder += attention(Lt, Lin)
	}
	head := 2 * Lt * H * V
	return 3 * float64(batch) * (float64(c.EncoderLayers)*encoder + float64(c.DecoderLayers)*decoder + head)
}

// ActivationBytes estimates the memory for the activations of a training step:
// what the forward pass stores for the backward pass, without parameters,
// gradients and optimizer moments. It assumes that elementwise operations are
// fused (after Korthikanti et al. 2022, arXiv 2205.05198, section 4.1). For a
// stack of length L, in elements, with I = A·D:
//
//	self-attention   2·BLH + 4·BLI + BALL: the norm's input and output, q, k, v,
//	                 context, and the probabilities, twice with dropout
//	cross-attention  2·BLH + 2·BLI + 2·BMI + BALM, M the encoder's length
//	feed-forward     2·BLH + 4·BLF
//	head             2·BLV, float32: logits and their gradient
//
// Elements have the size of the precision; probabilities are also stored in
// float32 if the precision is another type. With gradient checkpointing, one
// layer of each stack is stored in full, and only the inputs of the others. A
// compiler stores less if it computes values again, and more if it does not
// fuse operations: the estimate is accurate to within a factor of two.
func (c Config) ActivationBytes(batch, inputLength, targetLength int) int64 {
	B, H, I, F := int64(batch), int64(c.HiddenSize), int64(c.Heads*c.HeadSize), int64(c.IntermediateSize)
	A, V, Lin, Lt := int64(c.Heads), int64(c.VocabSize), int64(inputLength), int64(targetLength)
	const float32Size = 4
	size := int64(c.Precision.DType().Size())

	probabilities := func(queries, keys int64) int64 {
		n := B * A * queries * keys
		bytes := n * size
		if c.Dropout > 0 {
			bytes *= 2
		}
		if size != float32Size {
			bytes += n * float32Size
		}
		return bytes
	}
	selfAttention := func(L int64) int64 { return B*L*(2*H+4*I)*size + probabilities(L, L) }
	feedForward := func(L int64) int64 { return B * L * (2*H + 4*F) * size }
	stack := func(layers int, layer, hidden int64) int64 {
		if c.GradientCheckpointing && layers > 0 {
			return int64(layers)*hidden + layer
		}
		return int64(layers)*layer + hidden
	}

	decoder := selfAttention(Lt) + feedForward(Lt)
	var encoder int64
	if c.Form == EncoderDecoder {
		decoder += B*(Lt*(2*H+2*I)+Lin*2*I)*size + probabilities(Lt, Lin)
		encoder = stack(c.EncoderLayers, selfAttention(Lin)+feedForward(Lin), B*Lin*H*size)
	}
	return encoder + stack(c.DecoderLayers, decoder, B*Lt*H*size) + 2*B*Lt*V*float32Size
}
