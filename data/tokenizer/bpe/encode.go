package bpe

import "strings"

const (
	longEntries = 1 << 15 // longer pieces that are remembered before that starts afresh
	longPiece   = 256     // longest piece that is remembered, in bytes
)

// Encoder encodes text and remembers the pieces that it has met, within a
// bounded memory of a few megabytes. It is for one goroutine at a time.
type Encoder struct {
	m      *Model
	short  *cache
	long   map[string]longSlot // pieces that do not fit into short
	arena  []int32             // ids of long pieces
	merger merger
}

// longSlot is a part of an encoder's arena.
type longSlot struct{ start, end int32 }

// NewEncoder returns an encoder that has not met any text.
func (m *Model) NewEncoder() *Encoder {
	return &Encoder{m: m, short: newCache(), long: make(map[string]longSlot)}
}

// Encode appends the ids of text to dst. Special tokens are not looked for. Text
// that is not valid UTF-8 is encoded as utf8text.Repair mends it.
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
	if len(piece) > cachePiece {
		return e.longPiece(dst, piece)
	}
	key := newCacheKey(piece)
	place := e.short.place(key, len(piece))
	if s := &place[0]; s.holds(key, len(piece)) {
		return append(dst, s.ids[:s.n]...)
	}
	if s := &place[1]; s.holds(key, len(piece)) {
		dst = append(dst, s.ids[:s.n]...)
		place[0], place[1] = place[1], place[0]
		return dst
	}
	from := len(dst)
	dst = e.merger.append(dst, e.m, piece)
	if n := len(dst) - from; n <= cacheIDs {
		place[1] = place[0]
		place[0] = cacheSlot{key: key, length: uint8(len(piece)), n: uint8(n)}
		copy(place[0].ids[:], dst[from:])
	}
	return dst
}

func (e *Encoder) longPiece(dst []int32, piece string) []int32 {
	if s, ok := e.long[piece]; ok {
		return append(dst, e.arena[s.start:s.end]...)
	}
	from := len(dst)
	dst = e.merger.append(dst, e.m, piece)
	if len(piece) > longPiece {
		return dst
	}
	if len(e.long) >= longEntries {
		clear(e.long)
		e.arena = e.arena[:0]
	}
	start := int32(len(e.arena))
	e.arena = append(e.arena, dst[from:]...)
	// The key is cloned so that the cache does not keep the whole text alive.
	e.long[strings.Clone(piece)] = longSlot{start, int32(len(e.arena))}
	return dst
}
