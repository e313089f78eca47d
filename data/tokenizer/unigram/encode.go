package unigram

import (
	"bytes"
	"math/bits"
	"strings"
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
//
// A score is a sum over the whole text in float32, so that strictly the best
// segmentation of a word depends on what comes before it. The cache holds how
// large the score before a word may be without changing the word's
// segmentation; beyond that the word is segmented anew.
type Encoder struct {
	m     *Model
	raw   cache // by words of the text
	words cache // by normalized words, with their space
	buf   []byte
	path  []step
	nodes []node
	exact []exactNode
}

// NewEncoder returns an encoder with an empty cache.
func (m *Model) NewEncoder() *Encoder { return &Encoder{m: m} }

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

// nextWord returns where the next word of text begins: the first space behind
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
// normalization is that of its words, each behind a space.
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
			b := load8(text, i)
			if n := firstSpace(b); n < 8 {
				word, key = text[i:i+n], b&(1<<(8*n)-1)
			}
		}
		if word == "" {
			word = text[i:]
			if n := strings.IndexByte(word, ' '); n >= 0 {
				word = word[:n]
			}
			if len(word) <= cacheWord {
				key = wordKey(word)
			}
		}
		i += len(word)
		if len(word) > cacheWord {
			e.freshRaw(&s, word)
			continue
		}
		if e.raw.used > 0 {
			if found := find(&e.raw, word, key); found.size > 0 {
				if !e.replay(&s, &e.raw, found) {
					e.freshRaw(&s, word)
				}
				continue
			}
		}
		e.normalizeWord(word)
		found := insert(&e.raw, word, key)
		e.remember(&e.raw, found, e.buf)
		if !e.replay(&s, &e.raw, found) {
			e.fresh(&s, e.buf)
		}
	}
	return s.dst
}

// normalizeWord sets buf to the normalized form of a word that is preceded by
// a space; empty if nothing is left of it.
func (e *Encoder) normalizeWord(word string) {
	e.buf = append(e.buf[:0], space...)
	e.buf = e.m.normalizer.body(e.buf, word, space)
	for bytes.HasSuffix(e.buf, []byte(space)) {
		e.buf = e.buf[:len(e.buf)-len(space)]
	}
}

func (e *Encoder) freshRaw(s *state, word string) {
	e.normalizeWord(word)
	e.fresh(s, e.buf)
}

// word encodes a normalized word.
func (e *Encoder) word(s *state, word []byte) {
	if len(word) > cacheWord || !e.m.byWord {
		e.fresh(s, word)
		return
	}
	key := wordKey(word)
	var found *slot
	if e.words.used > 0 {
		found = find(&e.words, word, key)
	}
	if found == nil || found.size == 0 {
		found = insert(&e.words, word, key)
		e.remember(&e.words, found, word)
	}
	if !e.replay(s, &e.words, found) {
		e.fresh(s, word)
	}
}

// remember fills a slot of the cache with the pieces of a normalized word,
// which may be empty. Words with unknown characters, which depend on their
// neighbours, and those too long are marked so that they are segmented anew.
func (e *Encoder) remember(c *cache, s *slot, word []byte) {
	s.limit = -1
	if len(word) == 0 {
		s.limit = resetAt
		return
	}
	if len(word) > 2*cacheWord {
		return
	}
	path, limit := e.safe(e.path[:0], word)
	e.path = path
	if limit <= 0 {
		return
	}
	for _, p := range path {
		if p.id == e.m.unk {
			return
		}
	}
	s.limit = float32(limit * 0.999)
	for _, p := range path {
		c.ids = append(c.ids, p.id)
	}
	s.n = uint8(len(path))
}

// replay appends a cached word's pieces, and adds up their scores as the search
// would have done. It returns false if the word must be segmented anew.
func (e *Encoder) replay(s *state, c *cache, found *slot) bool {
	score := s.score
	if !(score < found.limit && -score < found.limit) {
		return false
	}
	if found.n == 0 {
		return true
	}
	ids := c.ids[found.ids : found.ids+uint32(found.n)]
	s.dst = append(s.dst, ids...)
	for _, id := range ids {
		score += e.m.scores[id]
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
