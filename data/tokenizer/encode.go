package tokenizer

import (
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
type Encoder struct {
	// Literal makes names of special tokens in the text, such as "[SEP]",
	// ordinary text, as encode_special_tokens does in Hugging Face's tokenizers.
	// Added tokens that are not special are still found. It has no effect
	// with a .model, which never makes control pieces of text.
	Literal bool

	t      *Tokenizer
	encode encodeFunc
}

// NewEncoder returns an encoder with an empty cache. It is faster than
// [Tokenizer.Encode] for many texts on one goroutine.
func (t *Tokenizer) NewEncoder() *Encoder {
	return &Encoder{t: t, encode: t.newEncoder()}
}

// Encode appends the ids of text to dst. It adds no special tokens, but names of
// special tokens in the text become these tokens, as in Hugging Face's
// tokenizers; see [Encoder.Literal] to prevent it. With a .model they are
// ordinary text, as in SentencePiece.
//
// Invalid UTF-8 counts as U+FFFD. With a .model each invalid byte is one, as in
// SentencePiece. With the others each maximal part of a character is one, as Python
// would give it to Hugging Face's tokenizers (see [utf8text.Repair]).
func (t *Tokenizer) Encode(dst []int32, text string) []int32 {
	e := t.encoders.Get().(*Encoder)
	dst = e.Encode(dst, text)
	t.encoders.Put(e)
	return dst
}

// EncodeSpecial appends the ids of text to dst, as [Encoder.EncodeSpecial] does.
func (t *Tokenizer) EncodeSpecial(dst []int32, text string) []int32 {
	e := t.encoders.Get().(*Encoder)
	dst = e.EncodeSpecial(dst, text)
	t.encoders.Put(e)
	return dst
}

// Encode appends the ids of text to dst, as [Tokenizer.Encode] does.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	if e.t.sentencePiece == nil && !utf8.ValidString(text) {
		text = utf8text.Repair(text)
	}
	return e.segments(dst, text, e.t.matchers, true)
}

// EncodeSpecial appends the ids of text to dst with the special tokens that the
// tokenizer's file puts around a text, such as [CLS] and [SEP].
func (e *Encoder) EncodeSpecial(dst []int32, text string) []int32 {
	dst = append(dst, e.t.post.before...)
	dst = e.Encode(dst, text)
	return append(dst, e.t.post.after...)
}

// segments encodes text. The first of matchers finds added tokens in it, the others
// in what is left. first is set if nothing comes before the text.
func (e *Encoder) segments(dst []int32, text string, matchers []*matcher, first bool) []int32 {
	if len(matchers) == 0 {
		return e.encode(dst, text, first)
	}
	m, others := matchers[0], matchers[1:]
	if m.normalized {
		text = e.t.model.Normalize(text)
	}
	if e.Literal && m.special {
		return e.segments(dst, text, others, first)
	}
	at := 0
	for part, id := range m.matches(text, e.Literal) {
		if part[0] > at {
			dst = e.segments(dst, text[at:part[0]], others, first && at == 0)
		}
		dst = append(dst, id)
		at = part[1]
	}
	if at < len(text) {
		dst = e.segments(dst, text[at:], others, first && at == 0)
	}
	return dst
}
