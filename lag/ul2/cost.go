package ul2

// FLOPsPerStep is the number of floating point operations of one training step
// on batch sequences of inputLength tokens for the encoder and targetLength for
// the decoder; the decoder forms have no input, and targetLength is their whole
// sequence.
//
// Matrix products count 2 operations a multiply-add, attention scores and their
// products with the values in full, masked or not, the backward pass twice the
// forward (Kaplan et al. 2020, section 2.1, with scores, cross-attention and
// the head counted too). Not counted are the embedding's lookup, the relative
// biases, what is done element by element, and what gradient checkpointing
// computes again.
func (c Config) FLOPsPerStep(batch, inputLength, targetLength int) float64 {
	H, I, F, V := float64(c.HiddenSize), float64(c.Heads*c.HeadSize), float64(c.IntermediateSize), float64(c.VocabSize)
	Lin, Lt := float64(inputLength), float64(targetLength)

	// attention of queries to memory: q and o, k and v, scores and their products with v.
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
