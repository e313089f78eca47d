package unigram

import (
	"bytes"
	"strings"
)

const (
	cacheEntries = 1 << 17 // words an encoder remembers before it starts afresh
	cacheWord    = 64      // longest word that is remembered, in bytes
	cacheArena   = 1 << 22 // pieces an encoder remembers before it starts afresh
)

// Encoder encodes text with a cache of the words it has met. It is for one
// goroutine at a time.
//
// A score is a sum over the whole text in float32, so that strictly the best
// segmentation of a word depends on what comes before it. The cache holds how
// large the score before a word may be without changing the word's
// segmentation; beyond that the word is segmented anew.
type Encoder struct {
	m      *Model
	raw    map[string]entry // by words of the text
	words  map[string]entry // by normalized words, with their space
	ids    []int32          // of the cached words
	scores []float32        // of the cached words' pieces
	text   []byte           // a cached word's normalized text, where it is needed
	buf    []byte
	path   []step
	nodes  []node
	exact  []exactNode
	json   jsonScratch
}

// entry is a cached word: parts of the encoder's arenas.
type entry struct {
	limit              float32 // magnitude of the score before the word below which the entry holds
	ids, scores, text  int32   // where they begin
	nids, nscores      uint16
	ntext              uint16
	startsUnk, endsUnk bool
}

// NewEncoder returns an encoder with an empty cache.
func (m *Model) NewEncoder() *Encoder {
	e := &Encoder{m: m}
	e.clear()
	return e
}

func (e *Encoder) clear() {
	e.raw, e.words = make(map[string]entry), make(map[string]entry)
	e.ids, e.scores, e.text = e.ids[:0], e.scores[:0], e.text[:0]
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
		return e.encodeJSON(dst, text)
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

// encodeRaw encodes text word by word before it is normalized: a text's
// normalization is that of its words, each behind a space.
func (e *Encoder) encodeRaw(dst []int32, text string) []int32 {
	s := state{dst: dst}
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		end := len(text)
		if j := strings.IndexByte(text[i:], ' '); j >= 0 {
			end = i + j
		}
		word := text[i:end]
		i = end
		if found, ok := e.raw[word]; ok {
			e.replay(&s, found)
			continue
		}
		e.buf = append(e.buf[:0], space...)
		e.buf = e.m.normalizer.body(e.buf, word, space)
		e.buf = trimSpaces(e.buf)
		if len(word) > cacheWord || len(e.buf) > cacheWord {
			if len(e.buf) > 0 {
				e.fresh(&s, e.buf)
			}
			continue
		}
		found := e.remember(e.buf)
		// The key is cloned so that the cache does not keep the text alive.
		e.raw[strings.Clone(word)] = found
		e.replay(&s, found)
	}
	return s.dst
}

func trimSpaces(text []byte) []byte {
	for bytes.HasSuffix(text, []byte(space)) {
		text = text[:len(text)-len(space)]
	}
	return text
}

// word encodes a normalized word.
func (e *Encoder) word(s *state, word []byte) {
	if len(word) > cacheWord || !e.m.byWord {
		e.fresh(s, word)
		return
	}
	found, ok := e.words[string(word)]
	if !ok {
		found = e.remember(word)
		e.words[string(word)] = found
	}
	e.replay(s, found)
}

// remember makes a cache entry of a normalized word, which may be empty.
func (e *Encoder) remember(word []byte) entry {
	if len(e.raw)+len(e.words) >= cacheEntries || len(e.scores) >= cacheArena {
		e.clear()
	}
	n := entry{ids: int32(len(e.ids)), scores: int32(len(e.scores)), text: int32(len(e.text)), ntext: uint16(len(word))}
	if len(word) == 0 {
		n.limit = resetAt
		return n
	}
	n.limit = float32(e.safe(word) * 0.999)
	e.text = append(e.text, word...)
	e.path, _ = e.viterbi(e.path[:0], word, 0)
	s := state{dst: e.ids}
	e.emit(&s, word, e.path)
	e.ids = s.dst
	for _, p := range e.path {
		e.scores = append(e.scores, p.score)
	}
	n.startsUnk, n.endsUnk = e.m.isUnknown(e.path[0].id), s.unk
	n.nids, n.nscores = uint16(len(e.ids)-int(n.ids)), uint16(len(e.path))
	return n
}

// replay appends a cached word's pieces, and adds up their scores as the search
// would have done.
func (e *Encoder) replay(s *state, n entry) {
	if n.ntext == 0 {
		return
	}
	if !(s.score < n.limit && -s.score < n.limit) {
		e.fresh(s, e.text[n.text:n.text+int32(n.ntext)])
		return
	}
	ids := e.ids[n.ids : n.ids+int32(n.nids)]
	if s.unk && n.startsUnk && !e.m.fallback {
		ids = ids[1:] // the unknown characters on both sides are one piece
	}
	s.dst = append(s.dst, ids...)
	s.unk = n.endsUnk
	score := s.score
	for _, x := range e.scores[n.scores : n.scores+int32(n.nscores)] {
		score += x
	}
	s.score = score
}

// fresh encodes a normalized word or text without the cache.
func (e *Encoder) fresh(s *state, text []byte) {
	e.path, s.score = e.viterbi(e.path[:0], text, s.score)
	e.emit(s, text, e.path)
}

// emit appends the ids of a path through text. Unknown characters become bytes
// where the model has them, else each run of them one unknown piece.
func (e *Encoder) emit(s *state, text []byte, path []step) {
	at := 0
	for _, p := range path {
		unk := e.m.isUnknown(p.id)
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

func (m *Model) isUnknown(id int32) bool { return id == m.unk }
