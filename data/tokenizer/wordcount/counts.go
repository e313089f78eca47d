package wordcount

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"iter"
	"slices"
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

// Size returns the length of all words together, in bytes.
func (c *Counts) Size() int { return len(c.text) }

// All is [Counts.Bytes] with words that share no memory with c.
func (c *Counts) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for word, count := range c.Bytes() {
			if !yield(string(word), count) {
				return
			}
		}
	}
}

// Bytes yields every word and its count, in the order in which the words were
// added first. The words must not be changed or kept.
func (c *Counts) Bytes() iter.Seq2[[]byte, int64] {
	return func(yield func([]byte, int64) bool) {
		for i, e := range c.entries {
			if !yield(c.Word(i), e.count) {
				return
			}
		}
	}
}

// Word returns the word that was added as the i-th, which must not be changed.
func (c *Counts) Word(i int) []byte {
	end := uint64(len(c.text))
	if i+1 < len(c.entries) {
		end = c.entries[i+1].start
	}
	return c.text[c.entries[i].start:end:end]
}

// Count returns how often the i-th word occurs.
func (c *Counts) Count(i int) int64 { return c.entries[i].count }

// Add counts word n times more.
func (c *Counts) Add(word string, n int64) { add(c, word, n) }

// AddBytes counts word n times more.
func (c *Counts) AddBytes(word []byte, n int64) { add(c, word, n) }

// Character is a character and how often it occurs.
type Character struct {
	Rune  rune
	Count int64
}

// Characters returns the characters of the words, the most frequent first. Of
// equally frequent ones the lower code point is first.
func (c *Counts) Characters() []Character {
	occurrences := make(map[rune]int64)
	for word, count := range c.All() {
		for _, r := range word {
			occurrences[r] += count
		}
	}
	all := make([]Character, 0, len(occurrences))
	for r, count := range occurrences {
		all = append(all, Character{r, count})
	}
	slices.SortFunc(all, func(a, b Character) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rune, b.Rune))
	})
	return all
}

// Sorted returns the same words in the order of their bytes.
func (c *Counts) Sorted() *Counts {
	order := make([]int, c.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(c.Word(a), c.Word(b)) })
	sorted := new(Counts)
	for _, i := range order {
		sorted.AddBytes(c.Word(i), c.Count(i))
	}
	return sorted
}

// clear forgets all words but keeps the memory.
func (c *Counts) clear() {
	c.text, c.entries = c.text[:0], c.entries[:0]
	clear(c.slots)
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
		if s.index == 0 || s.tag == tag && string(c.Word(int(s.index-1))) == string(word) {
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
		h := maphash.Bytes(c.seed, c.Word(i))
		at := int(h) & mask
		for c.slots[at].index != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = slot{uint32(h >> 32), uint32(i + 1)}
	}
}
