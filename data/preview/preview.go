package preview

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// Tokens returns the texts of tokens. It is usually a tokenizer.Tokenizer.
type Tokens interface {
	Token(id int32) string     // the token as in the vocabulary
	Decode(ids []int32) string // readable text
}

// Example is a row of a batch as text.
type Example struct {
	Title string
	Lines []Line
}

// Line is a sequence of tokens.
type Line struct {
	Name   string // such as "inputs"
	Note   string // about the whole line; may be empty
	Pieces []Piece
}

// Piece is a run of tokens with the same role.
type Piece struct {
	Role  Role
	Text  string
	Label string // original text of a masked, replaced or kept token
	Span  int    // number of a sentinel and its hidden span
}

// Role is the role of tokens in an example.
type Role string

// The roles.
const (
	Plain    Role = "plain"    // text that the model reads
	Special  Role = "special"  // [CLS], [SEP], EOS
	Masked   Role = "masked"   // replaced by [MASK] and predicted
	Replaced Role = "replaced" // replaced by a random token and predicted
	Kept     Role = "kept"     // unchanged and predicted
	Sentinel Role = "sentinel" // stands for a span
	Hidden   Role = "hidden"   // a span that is predicted
	Target   Role = "target"   // other predicted text
	Mode     Role = "mode"     // UL2's mode token
	Padding  Role = "padding"
)

// roles lists the roles in the order of the legend.
var roles = []struct {
	role Role
	text string // in the legend
}{
	{Masked, "replaced by the mask token; beside it the token to predict"},
	{Replaced, "replaced by a random token; beside it the token to predict"},
	{Kept, "left as it is, but to predict"},
	{Mode, "tells the mode of the denoiser"},
	{Sentinel, "stands for the span of the same colour"},
	{Hidden, "hidden span, to predict"},
	{Target, "to predict"},
	{Special, "special token"},
	{Padding, "fills the row; nothing attends to it"},
}

// Examples makes n examples of an objective: the first rows of its training
// data with the given seed. It uses a batch of n rows, so the store must have
// at least n windows.
func Examples(o objective.Objective, store objective.Tokens, vocab objective.Vocabulary, tokens Tokens, n int, seed int64) ([]Example, error) {
	if err := o.Validate(vocab); err != nil {
		return nil, err
	}
	switch o.Form {
	case objective.Encoder:
		s, err := objective.NewMLMSampler(o.Settings.(objective.MLM), store, vocab, n, seed)
		return first(s, err, func(b objective.MLMBatch) []Example { return MLM(b, vocab, tokens) })
	case objective.EncoderDecoder:
		s, err := objective.NewEncoderDecoderSampler(o, store, vocab, n, seed)
		return first(s, err, func(b objective.EncoderDecoderBatch) []Example { return EncoderDecoder(b, o, vocab, tokens) })
	default:
		s, err := objective.NewDecoderSampler(o, store, vocab, n, seed)
		return first(s, err, func(b objective.DecoderBatch) []Example { return Decoder(b, o, vocab, tokens) })
	}
}

// first returns the examples of a sampler's first batch.
func first[B any](s *objective.Sampler[B], err error, show func(B) []Example) ([]Example, error) {
	if err != nil {
		return nil, err
	}
	b, err := s.Batch(0)
	if err != nil {
		return nil, err
	}
	return show(b), nil
}

// title returns the title of an example.
func title(row int, o objective.Objective, denoiser int32) string {
	s := fmt.Sprintf("example %d, %s", row+1, o.Settings.Kind())
	if u, ok := o.Settings.(objective.UL2); ok && int(denoiser) < len(u.Denoisers) {
		s += fmt.Sprintf(", denoiser %v", u.Denoisers[denoiser])
	}
	return s
}
