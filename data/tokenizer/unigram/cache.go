package unigram

import "math/bits"

const (
	cacheWord  = 64      // longest word that is remembered, in bytes
	cacheSlots = 1 << 18 // of the largest table; half of them are used before it starts afresh
)

// cache maps words to their pieces. It is an open hash table whose short keys
// lie in the slots, so that most look-ups touch one cache line.
type cache struct {
	slots []slot
	used  int
	keys  []byte  // of words longer than 8 bytes
	ids   []int32 // of all words
}

type slot struct {
	key   uint64 // the word itself up to 8 bytes, else its hash
	text  uint32 // where a longer word begins in keys
	ids   uint32 // where its pieces begin in ids
	limit float32
	size  uint8 // of the word; 0: the slot is free
	n     uint8 // number of pieces
}

// load8 returns the first 8 bytes of s from i on, which exist.
func load8[T string | []byte](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// wordKey returns the key of a word of 1 to cacheWord bytes.
func wordKey[T string | []byte](word T) uint64 {
	if len(word) <= 8 {
		key := uint64(0)
		for i := 0; i < len(word); i++ {
			key |= uint64(word[i]) << (8 * i)
		}
		return key
	}
	hash := uint64(len(word))
	for i := 0; i+8 < len(word); i += 8 {
		hash = mix(hash ^ load8(word, i))
	}
	return mix(hash ^ load8(word, len(word)-8))
}

func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
	return hi ^ lo
}

// find returns the slot of a word, or a free one.
func find[T string | []byte](c *cache, word T, key uint64) *slot {
	mask := uint64(len(c.slots) - 1)
	for at := mix(key+uint64(len(word))) & mask; ; at = (at + 1) & mask {
		s := &c.slots[at]
		if s.size == 0 || s.key == key && int(s.size) == len(word) &&
			(len(word) <= 8 || string(c.keys[s.text:int(s.text)+len(word)]) == string(word)) {
			return s
		}
	}
}

// insert makes room for a word that is not there.
func insert[T string | []byte](c *cache, word T, key uint64) *slot {
	switch {
	case len(c.slots) == 0:
		c.slots = make([]slot, 1<<10)
	case 2*c.used < len(c.slots):
	case len(c.slots) >= cacheSlots:
		clear(c.slots)
		c.used, c.keys, c.ids = 0, c.keys[:0], c.ids[:0]
	default:
		old := c.slots
		c.slots = make([]slot, 4*len(old))
		mask := uint64(len(c.slots) - 1)
		for _, s := range old {
			if s.size > 0 {
				at := mix(s.key+uint64(s.size)) & mask
				for c.slots[at].size > 0 {
					at = (at + 1) & mask
				}
				c.slots[at] = s
			}
		}
	}
	c.used++
	s := find(c, word, key)
	*s = slot{key: key, size: uint8(len(word)), ids: uint32(len(c.ids))}
	if len(word) > 8 {
		s.text = uint32(len(c.keys))
		c.keys = append(c.keys, word...)
	}
	return s
}
