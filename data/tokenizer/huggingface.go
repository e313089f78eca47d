package tokenizer

import (
	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// Normalization returns how a WordPiece vocabulary normalizes text. ok is false for
// other kinds.
func (t *Tokenizer) Normalization() (n wordpiece.Normalization, ok bool) {
	if m, isWordPiece := t.model.(*wordpiece.Model); isWordPiece {
		return m.Normalization(), true
	}
	return n, false
}

// PrefixSpace reports whether a byte-level vocabulary puts a space before text that
// begins with none.
func (t *Tokenizer) PrefixSpace() bool {
	m, ok := t.model.(*bpe.Model)
	return ok && m.PrefixSpace()
}

// FallsBackToBytes reports whether a unigram vocabulary encodes unknown characters as
// bytes.
func (t *Tokenizer) FallsBackToBytes() bool {
	m, ok := t.model.(*unigram.Model)
	return ok && m.FallsBackToBytes()
}

// HuggingFace returns a tokenizer that is saved as a tokenizer.json: t itself, or what
// Hugging Face's tokenizers make of a .model. They cut text at whitespace, and names of
// special tokens in a text are these tokens.
func (t *Tokenizer) HuggingFace() (*Tokenizer, error) {
	if t.sentencePiece == nil {
		return t, nil
	}
	p, err := convert(t.sentencePiece, nil)
	if err != nil {
		return nil, wrap(err)
	}
	p.reserve(t.sentencePiece)
	if t.special.EOS >= 0 {
		p.post = newTemplate("", t.Token(t.special.EOS), []int32{t.special.EOS})
	}
	h, err := p.tokenizer()
	return h, wrap(err)
}
