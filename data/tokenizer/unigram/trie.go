package unigram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// trie is a double array in the format of darts-clone, which is the one in a
// sentencepiece model's precompiled_charsmap: a unit is a node with an incoming
// label (bits 0-7), a flag that tells whether a key ends there (bit 8) and the
// offset to its children (bits 10-30, in units of 256 where bit 9 is set), or
// the value of a key (bit 31 and below). The root is unit 0, and the child of
// node i by label c is i ^ offset ^ c; a key's value is the child by label 0.
type trie []uint32

const (
	trieValue = 1 << 31           // the unit is a value, not a node
	trieEnds  = 1 << 8            // a key ends at the node
	trieLabel = trieValue | 0xFF  // compared with the label on a step
	trieFree  = uint32(trieValue) // an unused unit: no label matches it
)

func trieOffset(unit uint32) uint32 { return (unit >> 10) << ((unit & (1 << 9)) >> 6) }

// root returns the base of the root: the argument for the first step.
func (t trie) root() uint32 { return trieOffset(t[0]) }

// step follows the label c from the node with the given base, and returns the
// base of the child and its unit. ok is false if there is none. A key ends at
// the child if unit has trieEnds; its value is then value(base).
func (t trie) step(base uint32, c byte) (child, unit uint32, ok bool) {
	at := base ^ uint32(c)
	unit = t[at]
	if unit&trieLabel != uint32(c) {
		return 0, 0, false
	}
	return at ^ trieOffset(unit), unit, true
}

func (t trie) value(base uint32) int32 { return int32(t[base] &^ trieValue) }

// prefixes yields the keys that are prefixes of text: their length and value, the
// shortest first.
func prefixes[T string | []byte](t trie, text T) iter.Seq2[int, int32] {
	return func(yield func(int, int32) bool) {
		base := t.root()
		for i := range len(text) {
			next, unit, ok := t.step(base, text[i])
			if !ok {
				return
			}
			base = next
			if unit&trieEnds != 0 && !yield(i+1, t.value(base)) {
				return
			}
		}
	}
}

// longest returns the length and value of the longest key that is a prefix of text,
// among the first most of them. The length is 0 if there is none.
func longest(t trie, text string, most int) (length int, value int32) {
	for n, v := range prefixes(t, text) {
		length, value = n, v
		if most--; most == 0 {
			break
		}
	}
	return length, value
}

// validate checks that no step can leave the array, whatever the input, and
// that all values are less than limit.
func (t trie) validate(limit int) error {
	if len(t) == 0 || len(t)%256 != 0 || uint64(len(t)) > 1<<29 {
		return fmt.Errorf("a double array of %d units: not a multiple of 256", len(t))
	}
	if t[0]&trieLabel != 0 || t[0]&trieEnds != 0 || trieOffset(t[0]) == 0 {
		return errors.New("the double array's first unit is not a root")
	}
	for i, u := range t {
		if u&trieValue != 0 {
			if int64(u&^trieValue) >= int64(limit) {
				return fmt.Errorf("unit %d of the double array points to byte %d of %d", i, u&^trieValue, limit)
			}
			continue
		}
		base := uint32(i) ^ trieOffset(u)
		if int64(base|0xFF) >= int64(len(t)) {
			return fmt.Errorf("unit %d of the double array has its children beyond the end", i)
		}
		if u&trieEnds != 0 && t[base]&trieValue == 0 {
			return fmt.Errorf("unit %d of the double array has no value", i)
		}
	}
	return nil
}

const (
	trieBlock = 256
	trieOpen  = 16 // blocks at the end in which free units are looked for
)

// trieBuilder arranges the nodes of a trie in its array, one after the other,
// each at the first free place among the last blocks.
type trieBuilder struct {
	units  trie
	used   []bool  // whether a node's children begin at this offset
	next   []int32 // circular list of the free units
	prev   []int32
	head   int32 // of that list, -1 if it is empty
	labels []byte
	keys   []string
	values []int32
	bases  map[string]uint32 // of the subtrees made so far, where equal ones are shared
}

// newTrie makes a trie of keys and values, as buildTrie does. An empty key is left
// out, as it would match nothing.
func newTrie(values map[string]int32, share bool) (trie, error) {
	keys := slices.Sorted(maps.Keys(values))
	if len(keys) > 0 && keys[0] == "" {
		keys = keys[1:]
	}
	sorted := make([]int32, len(keys))
	for i, key := range keys {
		sorted[i] = values[key]
	}
	return buildTrie(keys, sorted, share)
}

// buildTrie makes a trie of keys, which are sorted, unique, not empty and hold
// no NUL. The values are not negative. With share, subtrees with the same keys
// and values are stored once, which is worth it where many keys have one value.
func buildTrie(keys []string, values []int32, share bool) (trie, error) {
	b := &trieBuilder{head: -1, keys: keys, values: values}
	if share {
		b.bases = make(map[string]uint32)
	}
	b.grow()
	b.unlink(0)
	b.used[0] = true
	if len(keys) == 0 {
		b.units[0] = 1 << 10
		return b.units, nil
	}
	b.units[0] = 0
	if err := b.node(0, len(keys), 0, 0); err != nil {
		return nil, err
	}
	return b.units, nil
}

// node arranges the children of the node at unit id, whose keys are lo to hi
// and share their first depth bytes.
func (b *trieBuilder) node(lo, hi, depth int, id uint32) error {
	var subtree string
	if b.bases != nil && hi-lo <= maxShared {
		subtree = b.describe(lo, hi, depth)
		if base, ok := b.bases[subtree]; ok && reaches(id^base) {
			b.link(id, base)
			if len(b.keys[lo]) == depth {
				b.units[id] |= trieEnds
			}
			return nil
		}
	}
	first := len(b.labels)
	for i := lo; i < hi; i++ {
		label := byte(0)
		if depth < len(b.keys[i]) {
			label = b.keys[i][depth]
		}
		if len(b.labels) == first || b.labels[len(b.labels)-1] != label {
			b.labels = append(b.labels, label)
		}
	}
	labels := b.labels[first:]
	defer func() { b.labels = b.labels[:first] }()

	base := b.place(id, labels)
	for int(base|0xFF) >= len(b.units) {
		b.grow()
	}
	b.used[base] = true
	if !reaches(id ^ base) {
		return errors.New("the vocabulary is too large for a double array")
	}
	b.link(id, base)
	if subtree != "" {
		b.bases[subtree] = base
	}
	for _, c := range labels {
		b.unlink(int32(base ^ uint32(c)))
		if c == 0 {
			b.units[id] |= trieEnds
			b.units[base] = trieValue | uint32(b.values[lo])
		} else {
			b.units[base^uint32(c)] = uint32(c)
		}
	}
	if labels[0] == 0 {
		lo++
	}
	for lo < hi {
		c := b.keys[lo][depth]
		end := lo + 1
		for end < hi && b.keys[end][depth] == c {
			end++
		}
		if err := b.node(lo, end, depth+1, base^uint32(c)); err != nil {
			return err
		}
		lo = end
	}
	return nil
}

// maxShared is the largest number of keys of a subtree that is shared.
const maxShared = 4096

// describe returns the keys and values of a subtree as one string.
func (b *trieBuilder) describe(lo, hi, depth int) string {
	var out []byte
	for i := lo; i < hi; i++ {
		out = append(append(out, b.keys[i][depth:]...), 0)
		out = binary.LittleEndian.AppendUint32(out, uint32(b.values[i]))
	}
	return string(out)
}

// reaches tells whether a unit can hold an offset.
func reaches(offset uint32) bool { return offset < 1<<21 || offset < 1<<29 && offset&0xFF == 0 }

func (b *trieBuilder) link(id, base uint32) {
	if offset := id ^ base; offset < 1<<21 {
		b.units[id] |= offset << 10
	} else {
		b.units[id] |= offset<<2 | 1<<9
	}
}

// place returns a base at which the units of all labels are free.
func (b *trieBuilder) place(id uint32, labels []byte) uint32 {
	if b.head >= 0 {
		for at := b.head; ; {
			base := uint32(at) ^ uint32(labels[0])
			if b.fits(id, base, labels) {
				return base
			}
			if at = b.next[at]; at == b.head {
				break
			}
		}
	}
	return uint32(len(b.units)) | id&0xFF
}

func (b *trieBuilder) fits(id, base uint32, labels []byte) bool {
	if b.used[base] {
		return false
	}
	if !reaches(id ^ base) {
		return false
	}
	for _, c := range labels[1:] {
		if b.next[base^uint32(c)] < 0 {
			return false
		}
	}
	return true
}

// grow adds a block of free units, and closes the oldest open one.
func (b *trieBuilder) grow() {
	start := int32(len(b.units))
	if closed := start - trieBlock*trieOpen; closed >= 0 {
		for i := closed; i < closed+trieBlock; i++ {
			if b.next[i] >= 0 {
				b.unlink(i)
			}
		}
	}
	for i := start; i < start+trieBlock; i++ {
		b.units = append(b.units, trieFree)
		b.used = append(b.used, false)
		b.next = append(b.next, i+1)
		b.prev = append(b.prev, i-1)
	}
	end := start + trieBlock - 1
	if b.head < 0 {
		b.head = start
		b.next[end], b.prev[start] = start, end
		return
	}
	last := b.prev[b.head]
	b.next[last], b.prev[start] = start, last
	b.next[end], b.prev[b.head] = b.head, end
}

func (b *trieBuilder) unlink(i int32) {
	next, prev := b.next[i], b.prev[i]
	if next == i {
		b.head = -1
	} else {
		b.next[prev], b.prev[next] = next, prev
		if b.head == i {
			b.head = next
		}
	}
	b.next[i] = -1
}
