package merges

import (
	"hash/maphash"
	"iter"
)

// Counts is a set of words and how often each occurs. The zero value is empty
// and ready for use. It takes about 40 bytes a word and the word itself, and
// holds no pointers for the garbage collector to follow.
type Counts struct {
	seed    maphash.Seed
	text    []byte // the words, one after the other
	entries []entry
	slots   []slot // open addressing, a power of two
}

// entry is a word, text[start:end of the next], and its count.
type entry struct {
	start uint64
	count int64
}

// slot refers to entry index-1, none if index is 0; tag is a part of the hash.
type slot struct{ tag, index uint32 }

// Len returns the number of different words.
func (c *Counts) Len() int { return len(c.entries) }

// Bytes returns the length of all words together.
func (c *Counts) Bytes() int { return len(c.text) }

// All yields every word and its count, in no particular order. The words share
// no memory with c.
func (c *Counts) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for i, e := range c.entries {
			if !yield(string(c.word(i)), e.count) {
				return
			}
		}
	}
}

// Add counts word n times more.
func (c *Counts) Add(word string, n int64) { add(c, word, n) }

// AddBytes counts word n times more.
func (c *Counts) AddBytes(word []byte, n int64) { add(c, word, n) }

// bytes yields every word, valid until the next one, and its count.
func (c *Counts) bytes(yield func([]byte, int64)) {
	for i, e := range c.entries {
		yield(c.word(i), e.count)
	}
}

// clear forgets all words but keeps the memory.
func (c *Counts) clear() {
	c.text, c.entries = c.text[:0], c.entries[:0]
	clear(c.slots)
}

func (c *Counts) word(i int) []byte {
	end := uint64(len(c.text))
	if i+1 < len(c.entries) {
		end = c.entries[i+1].start
	}
	return c.text[c.entries[i].start:end]
}

func add[T string | []byte](c *Counts, word T, n int64) {
	if len(c.entries)*4 >= len(c.slots)*3 {
		c.grow()
	}
	s := &c.slots[find(c, word)]
	if s.index == 0 {
		c.entries = append(c.entries, entry{start: uint64(len(c.text))})
		c.text = append(c.text, word...)
		s.index = uint32(len(c.entries))
		s.tag = uint32(hash(c, word) >> 32)
	}
	c.entries[s.index-1].count += n
}

// find returns the slot of word, or the free one where it belongs.
func find[T string | []byte](c *Counts, word T) int {
	h := hash(c, word)
	mask := len(c.slots) - 1
	tag := uint32(h >> 32)
	for at := int(h) & mask; ; at = (at + 1) & mask {
		s := c.slots[at]
		if s.index == 0 || s.tag == tag && string(c.word(int(s.index-1))) == string(word) {
			return at
		}
	}
}

func hash[T string | []byte](c *Counts, word T) uint64 {
	switch w := any(word).(type) {
	case string:
		return maphash.String(c.seed, w)
	case []byte:
		return maphash.Bytes(c.seed, w)
	}
	return 0
}

func (c *Counts) grow() {
	if c.slots == nil {
		c.seed = maphash.MakeSeed()
	}
	c.slots = make([]slot, max(1024, 2*len(c.slots)))
	mask := len(c.slots) - 1
	for i := range c.entries {
		h := maphash.Bytes(c.seed, c.word(i))
		at := int(h) & mask
		for c.slots[at].index != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = slot{uint32(h >> 32), uint32(i + 1)}
	}
}
