package objective

// MLMBatch is a batch of B sequences of L tokens with P predictions each, for
// an encoder. All slices are row-major.
//
// Tokens at and beyond a row's length are padding, and other positions must not
// attend to them. Batches are shared, so do not change them.
type MLMBatch struct {
	Size        int // B
	Length      int // L
	Predictions int // P, the most predictions of a row

	Tokens    []int32   // [B, L] input ids after masking
	Positions []int32   // [B, P] predicted positions in the row, ascending
	Labels    []int32   // [B, P] original ids at these positions
	Weights   []float32 // [B, P] 1, or 0 for unused slots, whose position and label are 0

	Lengths []int32 // [B] tokens of each row including [CLS] and [SEP]; L for packed sequences

	// For sentence pairs; nil for packed sequences.
	Segments     []int32 // [B, L] 0 for [CLS] A [SEP], 1 for B [SEP], 0 for padding
	NextSentence []int32 // [B] 0 if B follows A in its document, 1 if B is from another (as in Google's BERT)
}

// Bytes returns the memory of the batch.
func (b MLMBatch) Bytes() int64 {
	return 4 * int64(len(b.Tokens)+len(b.Positions)+len(b.Labels)+len(b.Weights)+len(b.Lengths)+len(b.Segments)+len(b.NextSentence))
}

// EncoderDecoderBatch is a batch of B examples for an encoder and a decoder,
// with up to Lin input tokens and Lt target tokens. All slices are row-major.
//
// A row of Inputs is the mode token if there is one, the corrupted text, EOS,
// and padding. A row of Targets is the text to predict, EOS, and padding.
// Batches are shared, so do not change them.
type EncoderDecoderBatch struct {
	Size         int // B
	InputLength  int // Lin
	TargetLength int // Lt, the length of the longest targets of the objective

	Inputs        []int32   // [B, Lin] input of the encoder
	InputLengths  []int32   // [B] tokens of each row of Inputs including EOS; the rest is padding
	DecoderInputs []int32   // [B, Lt] Targets shifted right by one, after the padding token, which starts T5's decoder
	Targets       []int32   // [B, Lt] tokens that the decoder predicts
	TargetLengths []int32   // [B] tokens of each row of Targets including EOS; the rest is padding
	Weights       []float32 // [B, Lt] 1 for targets and their EOS, 0 for padding
	Denoisers     []int32   // [B] index of the [UL2] denoiser that made the row; 0 for other objectives
}

// Bytes returns the memory of the batch.
func (b EncoderDecoderBatch) Bytes() int64 {
	return 4 * int64(len(b.Inputs)+len(b.InputLengths)+len(b.DecoderInputs)+len(b.Targets)+len(b.TargetLengths)+len(b.Weights)+len(b.Denoisers))
}

// DecoderBatch is a batch of B sequences of L tokens for a decoder-only model.
// All slices are row-major.
//
// Position i may attend to position j if j <= i or j < PrefixLengths[row], in
// the same row and, if there are Segments, in the same segment. Position i
// predicts Targets[i]. With inputs x of n tokens and targets y of m tokens, EOS
// included, Tokens is
//
//	x_1 ... x_n y_1 ... y_(m-1)
//
// and Targets is the same shifted left by one. The weights are 1 from position
// n-1, which predicts y_1, to n+m-2. In the decoder-only form inputs have no
// EOS: the attention mask shows where they end. Batches are shared, so do not
// change them.
type DecoderBatch struct {
	Size   int // B
	Length int // L

	Tokens        []int32   // [B, L] input of the decoder
	Targets       []int32   // [B, L] the token that follows each
	Weights       []float32 // [B, L] 1 where Targets is predicted, 0 in inputs and padding
	PrefixLengths []int32   // [B] length of the prefix with attention in both directions; 0 in a causal LM
	Lengths       []int32   // [B] tokens of each row of Tokens; the rest is padding
	Denoisers     []int32   // [B] index of the [UL2] denoiser that made the row; 0 for other objectives

	// Segments [B, L] numbers the documents of each row from 0 if a [CausalLM]
	// separates documents. It is nil if attention crosses documents.
	Segments []int32
}

// Bytes returns the memory of the batch.
func (b DecoderBatch) Bytes() int64 {
	return 4 * int64(len(b.Tokens)+len(b.Targets)+len(b.Weights)+len(b.PrefixLengths)+len(b.Lengths)+len(b.Denoisers)+len(b.Segments))
}
