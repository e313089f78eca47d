package unigram

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"
)

const (
	maxSeeds       = 1_000_000 // pieces that training starts from
	maxPieceChars  = 16        // of a trained piece
	maxPieceBytes  = maxPieceChars * utf8.UTFMax
	longVowelSound = 'ー' // Katakana, although Unicode shares it with Hiragana
)

// scripts decides whether a text may be a piece. Its characters must be of one
// script, and a space may be only at its beginning. Kana and ideographs count as one
// script, characters without a script, such as digits and punctuation, as another.
type scripts struct {
	tables []*unicode.RangeTable
	known  map[rune]int
}

const (
	anyScript = -1
	inherited = -2 // a mark: of the script of the character before
	han       = -3
)

func newScripts() *scripts {
	return &scripts{tables: slices.Collect(maps.Values(unicode.Scripts)), known: make(map[rune]int)}
}

// script returns a number for the script of a character.
func (s *scripts) script(r rune) int {
	if id, ok := s.known[r]; ok {
		return id
	}
	id := slices.IndexFunc(s.tables, func(t *unicode.RangeTable) bool { return unicode.Is(t, r) })
	if id < 0 {
		id = len(s.tables)
	}
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == longVowelSound:
		id = han
	case unicode.Is(unicode.Inherited, r):
		id = inherited
	}
	s.known[r] = id
	return id
}

// valid reports whether text may be a piece.
func (s *scripts) valid(text []byte) bool {
	previous := anyScript
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == '▅' || r == 0 || r == utf8.RuneError && size == 1 {
			return false
		}
		if r == '▁' {
			if i > 0 {
				return false
			}
			i += size
			continue
		}
		id := s.script(r)
		if id == inherited {
			id = previous
		}
		if id != anyScript && previous != anyScript && id != previous {
			return false
		}
		previous = id
		i += size
	}
	return true
}

// seed is a candidate for a piece: a place in the text of the words.
type seed struct {
	at    int32
	size  int32 // in bytes
	score float32
}

// suffix is a place in the text with the 8 bytes that are there.
type suffix struct {
	head uint64
	at   int32
}

// seeds returns the substrings of the words that occur at least twice, have 2
// to maxPieceChars characters, and cannot be made longer without becoming
// rarer: the inner nodes of the words' suffix tree, and the words' ends. Their
// score is how many characters of the text they cover, overlaps counted twice.
// At most limit are returned, those of the highest score first.
//
// text holds the words, each ended by NUL, and maxPieceBytes more NULs at its end.
// count returns how often the word at a byte of text occurs.
func seeds(ctx context.Context, text []byte, count func(at int32) int64, limit int) ([]seed, error) {
	// The suffixes are sorted by their first two bytes, then each group alone.
	var sizes [1 << 16]int32
	each := func(visit func(at int32, group uint16)) {
		for i := 0; text[i] != 0; i++ {
			for ; text[i] != 0; i++ {
				if utf8.RuneStart(text[i]) {
					visit(int32(i), binary.BigEndian.Uint16(text[i:]))
				}
			}
		}
	}
	total := 0
	each(func(_ int32, group uint16) { sizes[group]++; total++ })
	var begin [1<<16 + 1]int32
	for i, n := range sizes {
		begin[i+1] = begin[i] + n
	}
	places := make([]int32, total)
	next := begin
	each(func(at int32, group uint16) { places[next[group]] = at; next[group]++ })

	var found []seed
	s := &seeder{text: text, count: count, scripts: newScripts()}
	for group := range sizes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.group(places[begin[group]:begin[group+1]], func(c seed) {
			found = append(found, c)
			if len(found) >= 2*limit {
				found = bestSeeds(text, found, limit)
			}
		})
	}
	return bestSeeds(text, found, limit), nil
}

func bestSeeds(text []byte, found []seed, limit int) []seed {
	slices.SortFunc(found, func(a, b seed) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.size, a.size),
			bytes.Compare(text[a.at:a.at+a.size], text[b.at:b.at+b.size]))
	})
	return found[:min(len(found), limit)]
}

// seeder looks for seeds among suffixes that begin with the same bytes.
type seeder struct {
	text     []byte
	count    func(at int32) int64
	scripts  *scripts
	suffixes []suffix
	open     []interval
}

// interval is a node of the suffix tree that is open: the suffixes read last that
// share depth bytes, and how often they occur.
type interval struct {
	depth int32
	count int64
}

func (s *seeder) group(places []int32, yield func(seed)) {
	s.suffixes = s.suffixes[:0]
	for _, at := range places {
		s.suffixes = append(s.suffixes, suffix{s.head(at), at})
	}
	slices.SortFunc(s.suffixes, func(a, b suffix) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		n := s.shared(a.at, b.at)
		if n == maxPieceBytes {
			return 0
		}
		return cmp.Compare(s.text[a.at+n], s.text[b.at+n])
	})
	// The nodes are closed from the inside out, as in the algorithm of
	// Abouelhoda, Kurtz and Ohlebusch (2004).
	s.open = append(s.open[:0], interval{})
	for i, x := range s.suffixes {
		depth := int32(0)
		if i+1 < len(s.suffixes) {
			depth = s.shared(x.at, s.suffixes[i+1].at)
		}
		count := s.count(x.at)
		if end := s.shared(x.at, x.at); end > max(depth, s.open[len(s.open)-1].depth) {
			s.offer(x.at, end, count, yield) // the suffix itself
		}
		for s.open[len(s.open)-1].depth > depth {
			top := s.open[len(s.open)-1]
			s.open = s.open[:len(s.open)-1]
			count += top.count
			s.offer(x.at, top.depth, count, yield)
		}
		if top := &s.open[len(s.open)-1]; top.depth == depth {
			top.count += count
		} else {
			s.open = append(s.open, interval{depth, count})
		}
	}
}

// head returns the first 8 bytes of a suffix, NUL after its end.
func (s *seeder) head(at int32) uint64 {
	head := uint64(0)
	for i := range int32(8) {
		c := s.text[at+i]
		if c == 0 {
			return head << (8 * (8 - i))
		}
		head = head<<8 | uint64(c)
	}
	return head
}

// shared returns how many bytes two suffixes have in common, up to their ends
// and maxPieceBytes.
func (s *seeder) shared(a, b int32) int32 {
	n := int32(0)
	for n < maxPieceBytes && s.text[a+n] == s.text[b+n] && s.text[a+n] != 0 {
		n++
	}
	return n
}

// offer yields the size bytes at a place if they may be a piece.
func (s *seeder) offer(at, size int32, count int64, yield func(seed)) {
	if count < 2 || size < 2 || !utf8.RuneStart(s.text[at+size]) {
		return
	}
	text := s.text[at : at+size]
	chars := utf8.RuneCount(text)
	if chars < 2 || chars > maxPieceChars || !s.scripts.valid(text) {
		return
	}
	yield(seed{at, size, float32(count) * float32(chars)})
}
