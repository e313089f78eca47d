package tokenizer

import (
	"strings"
	"unicode/utf8"
)

const (
	cacheEntries = 1 << 17 // cached words of an encoder before it starts afresh
	cacheWord    = 64      // longest word that is cached, in bytes
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
type Encoder struct {
	// Literal makes names of special tokens in the text, such as "[SEP]",
	// ordinary text. Otherwise they become the special token, as in Hugging
	// Face's tokenizers.
	Literal bool

	t       *Tokenizer
	cache   map[string]span
	arena   []int32
	scratch []byte
}

// span is a part of an encoder's arena.
type span struct{ lo, hi int32 }

// NewEncoder returns an encoder with an empty cache. It is faster than
// [Tokenizer.Encode] for many texts on one goroutine.
func (t *Tokenizer) NewEncoder() *Encoder {
	return &Encoder{t: t, cache: make(map[string]span)}
}

// Encode appends the ids of text to dst. It adds neither [CLS] nor [SEP]; names
// of special tokens in the text become these tokens, as in Hugging Face's
// tokenizers. Bytes that are not valid UTF-8 are dropped.
func (t *Tokenizer) Encode(dst []int32, text string) []int32 {
	e := t.encoders.Get().(*Encoder)
	dst = e.Encode(dst, text)
	t.encoders.Put(e)
	return dst
}

// Encode appends the ids of text to dst, as [Tokenizer.Encode] does.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	if e.Literal {
		return e.encodeText(dst, text)
	}
	from := 0
	for from < len(text) {
		at, id := e.t.nextSpecial(text, from)
		if at < 0 {
			break
		}
		dst = e.encodeText(dst, text[from:at])
		dst = append(dst, id)
		from = at + len(e.t.tokens[id])
	}
	return e.encodeText(dst, text[from:])
}

// nextSpecial returns where the first name of a special token at or after from
// is, and its id; the longest of those that begin there. It returns -1 if there
// is none.
func (t *Tokenizer) nextSpecial(text string, from int) (at int, id int32) {
	at = -1
	end := len(text)
	for _, s := range t.specials {
		name := t.tokens[s]
		i := strings.Index(text[from:min(end, len(text))], name)
		if i < 0 {
			continue
		}
		i += from
		if at < 0 || i < at || i == at && len(name) > len(t.tokens[id]) {
			at, id = i, s
			end = i + t.maxPiece // a name that begins at or before i ends before this
		}
	}
	return at, id
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

func (e *Encoder) encodeText(dst []int32, text string) []int32 {
	fields(text, func(word string) {
		if s, ok := e.cache[word]; ok {
			dst = append(dst, e.arena[s.lo:s.hi]...)
			return
		}
		lo := len(dst)
		e.scratch = e.t.norm.words(word, e.scratch, func(w []byte) { dst = e.t.split(dst, w) })
		if len(word) > cacheWord {
			return
		}
		if len(e.cache) >= cacheEntries {
			clear(e.cache)
			e.arena = e.arena[:0]
		}
		start := int32(len(e.arena))
		e.arena = append(e.arena, dst[lo:]...)
		// The key is cloned so that the cache does not keep the whole text alive.
		e.cache[strings.Clone(word)] = span{start, int32(len(e.arena))}
	})
	return dst
}

// split appends the pieces of one normalized word: at every place the longest
// token that fits, or [UNK] for the whole word if none does somewhere.
func (t *Tokenizer) split(dst []int32, word []byte) []int32 {
	if len(word) > t.maxChars && utf8.RuneCount(word) > t.maxChars {
		return append(dst, t.special.Unk)
	}
	start := len(dst)
	table, offset := t.ids, 0
	for offset < len(word) {
		end := min(len(word), offset+t.maxPiece)
		for {
			if end == offset {
				return append(dst[:start], t.special.Unk)
			}
			if id, ok := table[string(word[offset:end])]; ok {
				dst = append(dst, id)
				offset = end
				break
			}
			end--
		}
		table = t.continuation
	}
	return dst
}
