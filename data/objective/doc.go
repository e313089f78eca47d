// Package objective turns stored tokens into training batches.
//
//	objective         form                            batch
//	[MLM]             encoder                         [MLMBatch]
//	[SpanCorruption]  encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[UL2]             encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[PrefixLM]        encoder-decoder, decoder-only   [EncoderDecoderBatch], [DecoderBatch]
//	[CausalLM]        decoder-only                    [DecoderBatch]
//
// [Objective] is the configuration of any of them, and [Objective.Validate]
// explains impossible combinations. A [Sampler] makes batches; a [Loader] makes
// them ahead of time.
//
// Texts are windows of the token store, which contains documents one after
// another, each with a special token at its end ([SEP] or EOS). A window may
// contain the end of one document and the beginning of the next, and T5, UL2
// and language models treat the special token between them like any other. Only
// sentence pairs respect documents.
//
// A batch is a pure function of the store's tokens, the objective, the
// vocabulary, the batch size, the seed and the step. It does not depend on
// earlier requests. So training can resume at any step, and all candidates of a
// study see the same batches. The seed does not include the store's
// fingerprint: stores of the same length are read in the same order with the
// same masks. Runs on two encodings of a corpus therefore differ only in the
// encoding.
package objective
