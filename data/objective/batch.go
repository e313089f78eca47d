package objective

// MLMBatch is a batch of B sequences of L tokens with P predictions each, for
// an encoder. All slices are row-major.
//
// Tokens at and beyond a row's length are padding, which other positions must
// not attend to. A batch may be shared: it is not to be changed.
type MLMBatch struct {
	Size        int // B
	Length      int // L
	Predictions int // P, the predictions of a full row

	Tokens    []int32   // [B, L] input ids, masked
	Positions []int32   // [B, P] positions in the row that are predicted, ascending
	Labels    []int32   // [B, P] ids that stood there
	Weights   []float32 // [B, P] 1, or 0 where a row has fewer predictions; position and label are then 0

	Lengths []int32 // [B] tokens of each row, [CLS] and [SEP] counted; L in packed sequences

	// Of sentence pairs only, nil in packed sequences.
	Segments     []int32 // [B, L] 0 for [CLS] A [SEP], 1 for B [SEP], 0 for padding
	NextSentence []int32 // [B] 0 where B follows A in its document, 1 where it is of another (as in Google's BERT)
}

// Bytes is the memory that the batch takes.
func (b MLMBatch) Bytes() int64 {
	return 4 * int64(len(b.Tokens)+len(b.Positions)+len(b.Labels)+len(b.Weights)+len(b.Lengths)+len(b.Segments)+len(b.NextSentence))
}

// EncoderDecoderBatch is a batch of B examples for an encoder and a decoder:
// Lin tokens of input, Lt of target. All slices are row-major.
//
// A row of Inputs is the mode token if there is one, the corrupted text, EOS,
// then padding; a row of Targets what is to be predicted, EOS, then padding. A
// batch may be shared: it is not to be changed.
type EncoderDecoderBatch struct {
	Size         int // B
	InputLength  int // Lin
	TargetLength int // Lt, the longest targets that the objective can make

	Inputs        []int32   // [B, Lin] what the encoder reads
	InputLengths  []int32   // [B] tokens of each row of Inputs, EOS counted; the rest is padding
	DecoderInputs []int32   // [B, Lt] Targets one place to the right, after the padding token, which starts T5's decoder
	Targets       []int32   // [B, Lt] what the decoder predicts
	TargetLengths []int32   // [B] tokens of each row of Targets, EOS counted
	Weights       []float32 // [B, Lt] 1 for targets and their EOS, 0 for padding
	Denoisers     []int32   // [B] which denoiser of a [UL2] mixture made the row; 0 with other objectives
}

// Bytes is the memory that the batch takes.
func (b EncoderDecoderBatch) Bytes() int64 {
	return 4 * int64(len(b.Inputs)+len(b.InputLengths)+len(b.DecoderInputs)+len(b.Targets)+len(b.TargetLengths)+len(b.Weights)+len(b.Denoisers))
}

// DecoderBatch is a batch of B sequences of L tokens for a decoder alone. All
// slices are row-major.
//
// Position i may attend to position j if j <= i or j < PrefixLengths[row] (of
// the same row and, where there are Segments, of the same segment), and is to
// predict Targets[i]. With inputs x of n tokens and targets y of m tokens, EOS
// included, Tokens is
//
//	x_1 ... x_n y_1 ... y_(m-1)
//
// and Targets the same one place to the left; the weights are 1 from position
// n-1, which predicts y_1, to n+m-2. The inputs of the decoder-only form have no
// EOS: where they end is seen from the attention. A batch may be shared: it is
// not to be changed.
type DecoderBatch struct {
	Size   int // B
	Length int // L

	Tokens        []int32   // [B, L] what the decoder reads
	Targets       []int32   // [B, L] the token that follows each
	Weights       []float32 // [B, L] 1 where the following token is predicted, 0 in inputs and padding
	PrefixLengths []int32   // [B] tokens at the beginning that attend to each other in both directions; 0 in a causal LM
	Lengths       []int32   // [B] tokens of each row of Tokens; the rest is padding
	Denoisers     []int32   // [B] which denoiser of a [UL2] mixture made the row; 0 with other objectives

	// Segments [B, L] numbers the documents of each row from 0, where a
	// [CausalLM] keeps them apart; nil where attention crosses documents.
	Segments []int32
}

// Bytes is the memory that the batch takes.
func (b DecoderBatch) Bytes() int64 {
	return 4 * int64(len(b.Tokens)+len(b.Targets)+len(b.Weights)+len(b.PrefixLengths)+len(b.Lengths)+len(b.Denoisers)+len(b.Segments))
}
