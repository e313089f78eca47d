package wordpiece

import (
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/wordcache"
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
type Encoder struct {
	m       *Model
	cache   wordcache.Cache // by words between spaces, as they are written
	encode  func(dst []int32, word string) []int32
	scratch []byte
}

// NewEncoder returns an encoder with an empty cache.
func (m *Model) NewEncoder() *Encoder {
	e := &Encoder{m: m}
	e.encode = func(dst []int32, word string) []int32 {
		e.scratch = m.norm.words(word, e.scratch, func(w []byte) { dst = m.split(dst, w) })
		return dst
	}
	return e
}

// asciiSpace marks the ASCII characters that separate words.
var asciiSpace = [utf8.RuneSelf]bool{' ': true, '\t': true, '\n': true, '\r': true}

// fields calls yield for every whitespace-separated part of text.
func fields(text string, yield func(string)) {
	start := 0
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if asciiSpace[c] {
				if i > start {
					yield(text[start:i])
				}
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if isSpace(r) {
			if i > start {
				yield(text[start:i])
			}
			start = i + size
		}
		i += size
	}
	if len(text) > start {
		yield(text[start:])
	}
}

// Encode appends the ids of text to dst.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	fields(text, func(word string) { dst = wordcache.Append(&e.cache, dst, word, e.encode) })
	return dst
}

// split appends the pieces of one normalized word: at every place the longest
// token that fits, or [UNK] for the whole word if at some place none fits.
func (m *Model) split(dst []int32, word []byte) []int32 {
	if len(word) > m.maxChars && utf8.RuneCount(word) > m.maxChars {
		return append(dst, m.unk)
	}
	start := len(dst)
	table, offset := m.IDs(), 0
	for offset < len(word) {
		end := min(len(word), offset+m.maxPiece)
		for {
			if end == offset {
				return append(dst[:start], m.unk)
			}
			if id, ok := table[string(word[offset:end])]; ok {
				dst = append(dst, id)
				offset = end
				break
			}
			end--
		}
		table = m.continuation
	}
	return dst
}
