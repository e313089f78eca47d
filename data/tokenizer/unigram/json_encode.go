package unigram

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
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

// encodeJSON encodes text as Hugging Face's tokenizers do. Text that is not valid
// UTF-8 is encoded as [utf8text.Repair] mends it.
func (e *Encoder) encodeJSON(dst []int32, text string, first bool) []int32 {
	f := e.m.file
	text = e.m.Normalize(text)
	if !f.split && !f.punctuation {
		return e.metaspace(dst, text, first)
	}
	for text != "" {
		size, removed := f.part(text)
		dst = e.metaspace(dst, text[:size], false)
		text = text[size+removed:]
	}
	return dst
}

// part returns the length of the first part of a text that is split, which may be
// 0, and that of the whitespace behind it.
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

// metaspace replaces the spaces of a part of the text, and encodes its words.
func (e *Encoder) metaspace(dst []int32, text string, first bool) []int32 {
	if text == "" {
		return dst
	}
	m := e.m.file.metaspace
	if m == nil {
		return e.preToken(dst, text)
	}
	buf := e.buf[:0]
	if (m.prefix == "always" || m.prefix == "first" && first) && text[0] != ' ' && !strings.HasPrefix(text, m.symbol) {
		buf = append(buf, m.symbol...)
	}
	start := 0 // of the word in buf
	for text != "" {
		size := len(m.symbol)
		switch {
		case text[0] == ' ':
			size = 1
		case strings.HasPrefix(text, m.symbol):
		default:
			end := len(text)
			if i := strings.IndexByte(text, ' '); i >= 0 {
				end = i
			}
			if i := strings.Index(text[:end], m.symbol); i >= 0 {
				end = i
			}
			buf = append(buf, text[:end]...)
			text = text[end:]
			continue
		}
		if m.split && len(buf) > start {
			dst = e.preTokenBytes(dst, buf[start:])
			start = len(buf)
		}
		buf = append(buf, m.symbol...)
		text = text[size:]
	}
	if len(buf) > start {
		dst = e.preTokenBytes(dst, buf[start:])
	}
	e.buf = buf
	return dst
}

func (e *Encoder) preToken(dst []int32, text string) []int32 {
	e.buf = append(e.buf[:0], text...)
	return e.preTokenBytes(dst, e.buf)
}

// preTokenBytes encodes a pre-token, by the cache if it is short.
func (e *Encoder) preTokenBytes(dst []int32, word []byte) []int32 {
	if len(word) > cacheWord {
		return e.segment(dst, word)
	}
	key := wordKey(word)
	if e.words.used > 0 {
		if s := find(&e.words, word, key); s.size > 0 {
			return append(dst, e.words.ids[s.ids:s.ids+uint32(s.n)]...)
		}
	}
	n := len(dst)
	dst = e.segment(dst, word)
	s := insert(&e.words, word, key)
	e.words.ids = append(e.words.ids, dst[n:]...)
	s.n = uint8(len(dst) - n)
	return dst
}

// segment appends the ids of the best segmentation of a pre-token. Scores are
// added in float64 in the order in which tokenizers adds them.
func (e *Encoder) segment(dst []int32, word []byte) []int32 {
	m, f := e.m, e.m.file
	if cap(e.exact) <= len(word) {
		e.exact = make([]exactNode, len(word)+len(word)/4+64)
	}
	nodes := e.exact[:len(word)+1]
	for i := range nodes {
		nodes[i] = exactNode{best: math.Inf(-1), start: -1}
	}
	nodes[0].best = 0
	offer := func(end, start int, score float64, id int32) {
		if n := &nodes[end]; n.start < 0 || score > n.best {
			n.best, n.start, n.id = score, int32(start), id
		}
	}
	root := m.trie.root()
	for start := 0; start < len(word); {
		score := nodes[start].best
		char := charLen(word[start:])
		single := false
		base := root
		for i := start; i < len(word); i++ {
			next, unit, ok := m.trie.step(base, word[i])
			if !ok {
				break
			}
			base = next
			if unit&trieEnds != 0 {
				id := m.trie.value(base)
				single = single || i+1-start == char
				offer(i+1, start, f.scores[id]+score, id)
			}
		}
		if !single {
			offer(start+char, start, f.unkScore+score, m.unk)
		}
		start += char
	}
	path := e.path[:0]
	for end := len(word); end > 0; {
		n := nodes[end]
		path = append(path, step{n.id, int32(end) - n.start})
		end = int(n.start)
	}
	slices.Reverse(path)
	e.path = path
	at := 0
	for i := 0; i < len(path); i++ {
		p, size := path[i], int(path[i].size)
		if p.id != m.unk {
			dst = append(dst, p.id)
			at += size
			continue
		}
		// A run of unknown characters is one token.
		for i+1 < len(path) && path[i+1].id == m.unk {
			i++
			size += int(path[i].size)
		}
		dst = e.unknown(dst, word[at:at+size])
		at += size
	}
	return dst
}

// unknown appends the ids of unknown text: that of a token it happens to be,
// those of its bytes if there are all, or that of the unknown token.
func (e *Encoder) unknown(dst []int32, text []byte) []int32 {
	m := e.m
	if id, ok := m.ids[string(text)]; ok {
		return append(dst, id)
	}
	n := len(dst)
	for _, b := range text {
		if !m.fallback || m.bytes[b] < 0 {
			return append(dst[:n], m.unk)
		}
		dst = append(dst, m.bytes[b])
	}
	return dst
}
