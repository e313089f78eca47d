package unigram

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
	"github.com/landscape-aware/growing/data/tokenizer/wordcache"
)

// EncodeRest is Encode for text that follows other text, such as a special
// token: a Metaspace pre-tokenizer with prepend_scheme "first" puts no space
// before it. For other models it is the same as Encode.
func (e *Encoder) EncodeRest(dst []int32, text string) []int32 {
	if e.m.file != nil {
		return e.encodeJSON(dst, text, false)
	}
	return e.Encode(dst, text)
}

// encodeJSON encodes text as Hugging Face's tokenizers do. Invalid UTF-8 is repaired
// by [utf8text.Repair].
func (e *Encoder) encodeJSON(dst []int32, text string, first bool) []int32 {
	f := e.m.file
	text = e.m.Normalize(text)
	if !f.split && !f.punctuation {
		return e.preTokens(dst, text, first)
	}
	for text != "" {
		size, removed := f.part(text)
		dst = e.preTokens(dst, text[:size], false)
		text = text[size+removed:]
	}
	return dst
}

// part returns the length of the first part of a text that is split, which may be
// 0, and that of the whitespace after it.
func (f *jsonFile) part(text string) (size, removed int) {
	for i, r := range text {
		switch {
		case f.split && unicode.IsSpace(r):
			return i, utf8.RuneLen(r)
		case f.punctuation && utf8text.IsPunctuation(r):
			if i == 0 {
				i = utf8.RuneLen(r)
			}
			return i, 0
		}
	}
	return len(text), 0
}

// preTokens encodes a part of the text, cut by the Metaspace if there is one.
func (e *Encoder) preTokens(dst []int32, text string, first bool) []int32 {
	if text == "" {
		return dst
	}
	if m := e.m.file.metaspace; m != nil {
		text = strings.ReplaceAll(text, " ", m.symbol)
		if (m.prefix == "always" || m.prefix == "first" && first) && !strings.HasPrefix(text, m.symbol) {
			text = m.symbol + text
		}
		for m.split {
			i := strings.Index(text[1:], m.symbol)
			if i < 0 {
				break
			}
			dst = wordcache.Append(&e.words, dst, text[:i+1], e.preToken)
			text = text[i+1:]
		}
	}
	return wordcache.Append(&e.words, dst, text, e.preToken)
}

// segment appends the ids of the best segmentation of a pre-token.
func (e *Encoder) segment(dst []int32, word string) []int32 {
	m := e.m
	e.buf = append(e.buf[:0], word...)
	e.exact, _, _ = search(m.trie, e.exact, e.buf, m.exact, m.exactUnk, m.unk, 0, false)
	e.path = appendPath(e.path[:0], e.exact)
	for i := 0; i < len(e.path); i++ {
		size := int(e.path[i].size)
		if id := e.path[i].id; id != m.unk {
			dst = append(dst, id)
		} else {
			// A run of unknown characters is one token.
			for i+1 < len(e.path) && e.path[i+1].id == m.unk {
				i++
				size += int(e.path[i].size)
			}
			dst = m.appendUnknown(dst, word[:size])
		}
		word = word[size:]
	}
	return dst
}

// appendUnknown appends the ids of unknown text: that of a token with this text,
// or those of its bytes if all have one, or that of the unknown token.
func (m *Model) appendUnknown(dst []int32, text string) []int32 {
	if id, ok := m.ids[text]; ok {
		return append(dst, id)
	}
	n := len(dst)
	for i := range len(text) {
		id := m.bytes[text[i]]
		if !m.fallback || id < 0 {
			return append(dst[:n], m.unk)
		}
		dst = append(dst, id)
	}
	return dst
}
