package unigram

import (
	"bytes"
	"math/bits"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/wordcache"
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
//
// With a .model, a score is a sum over the whole text in float32, so that strictly
// the best segmentation of a word depends on what comes before it. The cache holds
// how large the score before a word may be without changing the word's segmentation.
// Beyond that, the word is segmented again.
type Encoder struct {
	m        *Model
	raw      wordcache.Cache // by words of the text
	words    wordcache.Cache // by normalized words, with their space
	preToken func(dst []int32, word string) []int32
	buf      []byte
	path     []step
	ids      []int32
	nodes    []node[float32]
	exact    []node[float64]
}

// NewEncoder returns an encoder with an empty cache.
func (m *Model) NewEncoder() *Encoder {
	e := &Encoder{m: m}
	e.preToken = e.segment
	return e
}

// state is what encoding a text carries from word to word.
type state struct {
	dst   []int32
	score float32
	unk   bool // the last piece was the unknown one
}

// Encode appends the ids of text to dst: those that sentencepiece gives, or
// Hugging Face's tokenizers if the model comes from a tokenizer.json. Names of
// control pieces in the text are ordinary text.
func (e *Encoder) Encode(dst []int32, text string) []int32 {
	if e.m.file != nil {
		return e.encodeJSON(dst, text, true)
	}
	if e.m.byRawWord && !(e.m.literalSpace && strings.Contains(text, space)) {
		return e.encodeRaw(dst, text)
	}
	e.buf = e.m.normalizer.text(e.buf[:0], text)
	s := state{dst: dst}
	rest := e.buf
	if e.m.byWord {
		for {
			word := nextWord(rest)
			if word == len(rest) {
				break
			}
			e.word(&s, rest[:word])
			rest = rest[word:]
		}
	}
	if len(rest) > 0 {
		e.word(&s, rest)
	}
	return s.dst
}

// nextWord returns where the next word of text begins: the first space after
// another character.
func nextWord(text []byte) int {
	i := 0
	for bytes.HasPrefix(text[i:], []byte(space)) {
		i += len(space)
	}
	if j := bytes.Index(text[i:], []byte(space)); j >= 0 {
		return i + j
	}
	return len(text)
}

// firstSpace returns the index of the first space among 8 bytes, 8 if there is
// none.
func firstSpace(b uint64) int {
	const ones = 0x0101010101010101
	x := b ^ ones*' '
	return bits.TrailingZeros64((x-ones)&^x&(ones<<7)) / 8
}

// encodeRaw encodes text word by word before it is normalized: a text's
// normalization is that of its words, each after a space.
func (e *Encoder) encodeRaw(dst []int32, text string) []int32 {
	s := state{dst: dst}
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		var word string
		var key uint64
		if i+8 <= len(text) {
			b := wordcache.Load8(text, i)
			if n := firstSpace(b); n < 8 {
				word, key = text[i:i+n], b&(1<<(8*n)-1)
			}
		}
		if word == "" {
			word = text[i:]
			if n := strings.IndexByte(word, ' '); n >= 0 {
				word = word[:n]
			}
			if len(word) <= wordcache.MaxWord {
				key = wordcache.Key(word)
			}
		}
		i += len(word)
		if len(word) > wordcache.MaxWord {
			e.fresh(&s, e.normalizeWord(word))
			continue
		}
		found := wordcache.Find(&e.raw, word, key)
		if found == nil {
			found = remember(e, &e.raw, word, key, e.normalizeWord(word))
		}
		if !s.replay(e.m, &e.raw, found) {
			e.fresh(&s, e.normalizeWord(word))
		}
	}
	return s.dst
}

// normalizeWord returns the normalized form of a word that is preceded by a space,
// in e.buf. It is empty if nothing is left of the word.
func (e *Encoder) normalizeWord(word string) []byte {
	e.buf = append(e.buf[:0], space...)
	e.buf = e.m.normalizer.body(e.buf, word, space)
	for bytes.HasSuffix(e.buf, []byte(space)) {
		e.buf = e.buf[:len(e.buf)-len(space)]
	}
	return e.buf
}

// word encodes a normalized word.
func (e *Encoder) word(s *state, word []byte) {
	if len(word) > wordcache.MaxWord || !e.m.byWord {
		e.fresh(s, word)
		return
	}
	key := wordcache.Key(word)
	found := wordcache.Find(&e.words, word, key)
	if found == nil {
		found = remember(e, &e.words, word, key, word)
	}
	if !s.replay(e.m, &e.words, found) {
		e.fresh(s, word)
	}
}

// remember makes an entry of a word, whose normalized form may be empty. It marks
// words that must be segmented each time: long ones, and those with unknown
// characters, which depend on their neighbors.
func remember[T string | []byte](e *Encoder, c *wordcache.Cache, word T, key uint64, normalized []byte) *wordcache.Entry {
	limit := -1.0
	e.ids = e.ids[:0]
	if len(normalized) == 0 {
		limit = resetAt
	} else if len(normalized) <= 2*wordcache.MaxWord {
		e.path, limit = e.safe(e.path[:0], normalized)
		limit *= 0.999
		for _, p := range e.path {
			if p.id == e.m.unk {
				limit = -1
			}
			e.ids = append(e.ids, p.id)
		}
	}
	if limit <= 0 {
		e.ids = e.ids[:0]
	}
	found := wordcache.Insert(c, word, key, e.ids)
	found.Limit = float32(limit)
	return found
}

// replay appends a cached word's pieces, and adds up their scores as the search
// would. It returns false if the word must be segmented again.
func (s *state) replay(m *Model, c *wordcache.Cache, found *wordcache.Entry) bool {
	score := s.score
	if !(score < found.Limit && -score < found.Limit) {
		return false
	}
	ids := c.IDs(found)
	if len(ids) == 0 {
		return true
	}
	s.dst = append(s.dst, ids...)
	for _, id := range ids {
		score += m.scores[id]
	}
	s.score, s.unk = score, false
	return true
}

// fresh encodes a normalized word or text without the cache.
func (e *Encoder) fresh(s *state, text []byte) {
	if len(text) == 0 {
		return
	}
	e.path, s.score = e.viterbi(e.path[:0], text, s.score)
	e.emit(s, text, e.path)
}

// emit appends the ids of a path through text. Unknown characters become bytes
// where the model has them, else each run of them one unknown piece.
func (e *Encoder) emit(s *state, text []byte, path []step) {
	at := 0
	for _, p := range path {
		unk := p.id == e.m.unk
		switch {
		case unk && e.m.fallback:
			for _, b := range text[at : at+int(p.size)] {
				s.dst = append(s.dst, e.m.bytes[b])
			}
		case !unk || !s.unk:
			s.dst = append(s.dst, p.id)
		}
		s.unk = unk
		at += int(p.size)
	}
}
