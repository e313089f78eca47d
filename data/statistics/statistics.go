// Package statistics describes datasets by numbers, for those who print and draw
// them.
package statistics

// Dataset describes a dataset.
type Dataset struct {
	Train      Split `json:"train"`
	Validation Split `json:"validation"`

	Vocabulary        int     `json:"vocabulary"`         // number of tokens in the vocabulary
	Unused            int     `json:"unused"`             // tokens that occur in neither split
	UnigramEntropy    float64 `json:"unigram_entropy"`    // of the training tokens, nats a token
	ValidationEntropy float64 `json:"validation_entropy"` // of the validation tokens, nats a token
}

// Split describes the tokens of one split. Lengths include the end
// token.
type Split struct {
	Documents     int64   `json:"documents"`
	Tokens        int64   `json:"tokens"`
	TextBytes     int64   `json:"text_bytes"`      // of the text before tokenization
	BytesPerToken float64 `json:"bytes_per_token"` // TextBytes/Tokens; 0 without tokens
	UnknownRate   float64 `json:"unknown_rate"`    // share of unknown tokens; 0 if the vocabulary has no unknown token

	// Entropy is the entropy of the token frequencies, -sum p ln p with p the
	// share of each token among the tokens that are not special, in nats a
	// token.
	Entropy float64 `json:"entropy"`

	MeanLength float64      `json:"mean_length"` // of documents, in tokens
	MinLength  int64        `json:"min_length"`
	MaxLength  int64        `json:"max_length"`
	Lengths    []LengthBin  `json:"lengths"`  // bins between powers of two, without gaps
	Frequent   []TokenCount `json:"frequent"` // the most frequent tokens that are not special, in descending order; at most FrequentTokens
}

// LengthBin counts the documents with Low <= length < High, in tokens.
type LengthBin struct {
	Low       int64 `json:"low"`  // 0 or a power of two
	High      int64 `json:"high"` // the next power of two
	Documents int64 `json:"documents"`
}

// TokenCount is the number of occurrences of a token.
type TokenCount struct {
	ID    int32   `json:"id"`
	Token string  `json:"token"`
	Count int64   `json:"count"`
	Share float64 `json:"share"` // among the tokens that are not special
}
