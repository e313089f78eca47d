package preview

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// Tokens tells what tokens stand for; in practice it is a tokenizer.Tokenizer.
type Tokens interface {
	Token(id int32) string     // as written in the vocabulary
	Decode(ids []int32) string // readable text
}

// Example is a row of a batch, ready to be shown.
type Example struct {
	Title string
	Lines []Line
}

// Line is a sequence of tokens.
type Line struct {
	Name   string // such as "inputs"
	Note   string // on the whole line; may be empty
	Pieces []Piece
}

// Piece is a run of tokens of one role.
type Piece struct {
	Role  Role
	Text  string
	Label string // what a masked, replaced or kept token was
	Span  int    // of a sentinel and a hidden span: equal numbers belong together
}

// Role is what tokens are in an example.
type Role string

// The roles.
const (
	Plain    Role = "plain"    // text that is read
	Special  Role = "special"  // [CLS], [SEP], EOS
	Masked   Role = "masked"   // replaced by [MASK], and to be predicted
	Replaced Role = "replaced" // replaced by a random token, and to be predicted
	Kept     Role = "kept"     // left as it is, and to be predicted
	Sentinel Role = "sentinel" // stands for a span
	Hidden   Role = "hidden"   // a span that is to be predicted
	Target   Role = "target"   // other text that is to be predicted
	Mode     Role = "mode"     // UL2's mode token
	Padding  Role = "padding"
)

// roles describes the roles in the order of the legend.
var roles = []struct {
	role Role
	text string // what the legend says
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
// data with that seed. With n rows in a batch, the store must have as many
// windows.
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

// first shows the first batch of a sampler.
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

// title names an example by its number and the denoiser that made it.
func title(row int, o objective.Objective, denoiser int32) string {
	s := fmt.Sprintf("example %d, %s", row+1, o.Settings.Kind())
	if u, ok := o.Settings.(objective.UL2); ok && int(denoiser) < len(u.Denoisers) {
		s += fmt.Sprintf(", denoiser %v", u.Denoisers[denoiser])
	}
	return s
}
