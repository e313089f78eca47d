// Package objective turns stored tokens into training batches.
//
//	objective         form                            batch
//	[MLM]             encoder                         [MLMBatch]
//	[SpanCorruption]  encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[UL2]             encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[PrefixLM]        encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[CausalLM]        decoder-only                    [DecoderBatch]
//
// [Objective] is any of them as configuration, and [Objective.Validate] says
// which combinations are impossible and why. A [Sampler] makes batches, a
// [Loader] has them made ahead.
//
// Texts are windows of the token store, which holds documents one after
// another, each with a special token at its end ([SEP] or EOS). But for sentence
// pairs, which respect documents, a window may hold the end of one and the
// beginning of the next, and those ends are tokens like others to T5, UL2 and
// language models.
//
// A batch is a pure function of the store's tokens, the objective, the
// vocabulary, the batch size, the seed and the step. It does not depend on what
// was asked for before, nor on who asks, so that training resumes at any step,
// and candidates of a study see the same batches. The store's fingerprint is no
// part of the seed: stores of as many tokens are read in the same order and with
// the same masks, so that runs on two encodings of a corpus differ in nothing but
// the encoding.
package objective
