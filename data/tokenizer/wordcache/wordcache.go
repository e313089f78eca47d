// Package wordcache remembers the ids of short words, for encoders that meet the
// same words again and again.
package wordcache

import "math/bits"

const (
	MaxWord  = 64      // longest word that is remembered, in bytes
	maxIDs   = 255     // most ids of a word that is remembered
	maxSlots = 1 << 18 // of the largest table; when half of them are used, the cache starts afresh
)

// Cache maps words to their ids. It is an open hash table whose short words lie in
// the slots, so that most look-ups touch one cache line. Its memory is bounded: 8 MB
// and the words and ids. The zero value is empty and ready for use.
type Cache struct {
	slots []Entry
	used  int
	words []byte  // those longer than 8 bytes
	ids   []int32 // of all words
}

// Entry is what a cache holds of a word. It is valid until the next insertion.
type Entry struct {
	key   uint64 // the word itself up to 8 bytes, else its hash
	word  uint32 // where a longer word begins in words
	first uint32 // where its ids begin in ids
	Limit float32
	size  uint8 // of the word in bytes; 0: the slot is free
	n     uint8 // number of ids
}

// Key returns the key of a word of 1 to MaxWord bytes: up to 8 bytes, these bytes
// in little-endian order.
func Key[T string | []byte](word T) uint64 {
	switch n := len(word); {
	case n > 8:
		return hash(word)
	case n >= 4:
		return load4(word, 0) | load4(word, n-4)<<(8*(n-4))
	default:
		return uint64(word[0]) | uint64(word[n/2])<<(8*(n/2)) | uint64(word[n-1])<<(8*(n-1))
	}
}

func hash[T string | []byte](word T) uint64 {
	h := uint64(len(word))
	for i := 0; i+8 < len(word); i += 8 {
		h = mix(h ^ Load8(word, i))
	}
	return mix(h ^ Load8(word, len(word)-8))
}

// Load8 returns the 8 bytes of s from i on.
func Load8[T string | []byte](s T, i int) uint64 {
	return load4(s, i) | load4(s, i+4)<<32
}

func load4[T string | []byte](s T, i int) uint64 {
	_ = s[i+3]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24
}

func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
	return hi ^ lo
}

// slot returns the slot of a word, or a free one.
func slot[T string | []byte](c *Cache, word T, key uint64) *Entry {
	mask := uint64(len(c.slots) - 1)
	for at := mix(key+uint64(len(word))) & mask; ; at = (at + 1) & mask {
		e := &c.slots[at]
		if e.size == 0 || e.key == key && int(e.size) == len(word) &&
			(len(word) <= 8 || string(c.words[e.word:int(e.word)+len(word)]) == string(word)) {
			return e
		}
	}
}

// Find returns the entry of a word of 1 to MaxWord bytes, nil if there is none. key
// is the word's [Key].
func Find[T string | []byte](c *Cache, word T, key uint64) *Entry {
	if c.used == 0 {
		return nil
	}
	if e := slot(c, word, key); e.size > 0 {
		return e
	}
	return nil
}

// IDs returns the ids of an entry. The caller must not change them.
func (c *Cache) IDs(e *Entry) []int32 { return c.ids[e.first : e.first+uint32(e.n)] }

// Insert makes an entry of a word that has none. It holds no ids if there are more
// than 255.
func Insert[T string | []byte](c *Cache, word T, key uint64, ids []int32) *Entry {
	c.makeRoom()
	c.used++
	e := slot(c, word, key)
	*e = Entry{key: key, size: uint8(len(word)), first: uint32(len(c.ids)), n: uint8(len(ids))}
	c.ids = append(c.ids, ids...)
	if len(word) > 8 {
		e.word = uint32(len(c.words))
		c.words = append(c.words, word...)
	}
	return e
}

func (c *Cache) makeRoom() {
	switch {
	case len(c.slots) == 0:
		c.slots = make([]Entry, 1<<10)
	case 2*c.used < len(c.slots):
	case len(c.slots) >= maxSlots:
		clear(c.slots)
		c.used, c.words, c.ids = 0, c.words[:0], c.ids[:0]
	default:
		old := c.slots
		c.slots = make([]Entry, 4*len(old))
		mask := uint64(len(c.slots) - 1)
		for _, e := range old {
			if e.size > 0 {
				at := mix(e.key+uint64(e.size)) & mask
				for c.slots[at].size > 0 {
					at = (at + 1) & mask
				}
				c.slots[at] = e
			}
		}
	}
}

// Append appends the ids of a word to dst: those remembered, or those that encode
// appends, which are remembered if the word is short.
func Append[T string | []byte](c *Cache, dst []int32, word T, encode func(dst []int32, word T) []int32) []int32 {
	if len(word) == 0 || len(word) > MaxWord {
		return encode(dst, word)
	}
	key := Key(word)
	if e := Find(c, word, key); e != nil {
		return append(dst, c.IDs(e)...)
	}
	from := len(dst)
	dst = encode(dst, word)
	if ids := dst[from:]; len(ids) <= maxIDs {
		Insert(c, word, key, ids)
	}
	return dst
}
