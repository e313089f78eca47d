package bpe

import "github.com/landscape-aware/growing/data/tokenizer/wordcache"

// Encoder encodes text and remembers the pieces that it has met, within a
// bounded memory. It is for one goroutine at a time.
type Encoder struct {
	m      *Model
	cache  wordcache.Cache
	merge  func(dst []int32, piece string) []int32
	merger merger
}

// NewEncoder returns an encoder with an empty cache.
func (m *Model) NewEncoder() *Encoder {
	e := &Encoder{m: m}
	e.merge = func(dst []int32, piece string) []int32 { return e.merger.append(dst, m, piece) }
	return e
}

// Encode appends the ids of text to dst. Special tokens are not looked for. Invalid
// UTF-8 is repaired as by utf8text.Repair.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	text = e.m.Normalize(text)
	if scan := e.m.cut.scan; scan != nil {
		for i := 0; i < len(text); {
			end := scan(text, i)
			dst = e.piece(dst, text[i:end])
			i = end
		}
		return dst
	}
	e.m.cut.pieces(text, func(piece string) { dst = e.piece(dst, piece) })
	return dst
}

// piece appends the ids of a piece of text.
func (e *Encoder) piece(dst []int32, piece string) []int32 {
	return wordcache.Append(&e.cache, dst, piece, e.merge)
}
