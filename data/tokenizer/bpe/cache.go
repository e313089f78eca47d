package bpe

import (
	"encoding/binary"
	"math/bits"
)

// cache remembers the ids of short pieces. Every piece has one place, which holds
// the two that were met last: frequent pieces come back at once, and nothing has
// to be cleared.
type cache struct{ places [][2]cacheSlot }

const (
	cacheBits  = 15 // log2 of the number of places, of 96 bytes each
	cachePiece = 16 // longest piece that is remembered, in bytes
	cacheIDs   = 6  // most ids that are remembered
)

// cacheSlot is 48 bytes: a piece, its length and the number and values of its ids.
type cacheSlot struct {
	key    cacheKey
	length uint8 // of the piece; 0: free
	n      uint8
	ids    [cacheIDs]int32
}

// cacheKey holds the bytes of a piece of up to 16 bytes, which the length added
// makes unique.
type cacheKey struct{ low, high uint64 }

func newCacheKey(piece string) cacheKey {
	switch n := len(piece); {
	case n >= 8:
		return cacheKey{load64(piece), load64(piece[n-8:])}
	case n >= 4:
		return cacheKey{low: load32(piece) | load32(piece[n-4:])<<32}
	default:
		return cacheKey{low: uint64(piece[0]) | uint64(piece[n/2])<<8 | uint64(piece[n-1])<<16}
	}
}

func load64(s string) uint64 {
	return binary.LittleEndian.Uint64([]byte(s[:8]))
}

func load32(s string) uint64 {
	return uint64(binary.LittleEndian.Uint32([]byte(s[:4])))
}

func newCache() *cache { return &cache{make([][2]cacheSlot, 1<<cacheBits)} }

// place returns the place of a piece of 1 to cachePiece bytes.
func (c *cache) place(key cacheKey, length int) *[2]cacheSlot {
	high, low := bits.Mul64(key.low^0x9E3779B97F4A7C15, key.high^uint64(length)<<56^0xD1B54A32D192ED03)
	return &c.places[(high^low)*0x9E3779B97F4A7C15>>(64-cacheBits)]
}

// holds reports whether s is the slot of a piece.
func (s *cacheSlot) holds(key cacheKey, length int) bool {
	return s.key == key && int(s.length) == length
}
