package unigram

import (
	"errors"
	"math"
	"math/bits"
	"slices"
)

const (
	trieBlock = 256
	trieOpen  = 16 // blocks at the end in which free units are looked for
)

// trieBuilder arranges the nodes of a trie in its array, one after the other,
// each at the first free place among the last blocks.
type trieBuilder struct {
	units  trie
	used   []bool   // whether a node's children begin at this offset
	free   []uint64 // a bit for each unit, set if the unit may be taken
	labels []byte
	keys   []string
	values []int32
}

// newTrie makes a trie of the keys whose value keep accepts. An empty key is left out,
// as it would match nothing.
func newTrie(values map[string]int32, keep func(value int32) bool) (trie, error) {
	keys := make([]string, 0, len(values))
	for key, value := range values {
		if key != "" && keep(value) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	sorted := make([]int32, len(keys))
	for i, key := range keys {
		sorted[i] = values[key]
	}
	return buildTrie(keys, sorted)
}

// buildTrie makes a trie of keys, which are sorted, unique, not empty and hold
// no NUL. The values are not negative.
func buildTrie(keys []string, values []int32) (trie, error) {
	b := &trieBuilder{keys: keys, values: values}
	b.grow()
	b.take(0)
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
	switch offset := id ^ base; {
	case !reaches(offset):
		return errors.New("the vocabulary is too large for a double array")
	case offset < 1<<21:
		b.units[id] |= offset << 10
	default:
		b.units[id] |= offset<<2 | 1<<9
	}
	for _, c := range labels {
		b.take(base ^ uint32(c))
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

// reaches reports whether a unit can hold an offset.
func reaches(offset uint32) bool { return offset < 1<<21 || offset < 1<<29 && offset&0xFF == 0 }

// place returns a base at which the units of all labels are free.
func (b *trieBuilder) place(id uint32, labels []byte) uint32 {
	for i := max(0, len(b.free)-trieOpen*trieBlock/64); i < len(b.free); i++ {
		for rest := b.free[i]; rest != 0; rest &= rest - 1 {
			base := uint32(64*i+bits.TrailingZeros64(rest)) ^ uint32(labels[0])
			if !b.used[base] && reaches(id^base) && b.fits(base, labels[1:]) {
				return base
			}
		}
	}
	return uint32(len(b.units)) | id&0xFF
}

func (b *trieBuilder) fits(base uint32, labels []byte) bool {
	for _, c := range labels {
		if at := base ^ uint32(c); b.free[at/64]>>(at%64)&1 == 0 {
			return false
		}
	}
	return true
}

func (b *trieBuilder) take(at uint32) { b.free[at/64] &^= 1 << (at % 64) }

// grow adds a block of free units, and closes the oldest open one.
func (b *trieBuilder) grow() {
	start := len(b.units)
	b.units = append(b.units, slices.Repeat(trie{trieFree}, trieBlock)...)
	b.used = append(b.used, make([]bool, trieBlock)...)
	b.free = append(b.free, slices.Repeat([]uint64{math.MaxUint64}, trieBlock/64)...)
	if closed := start - trieBlock*trieOpen; closed >= 0 {
		clear(b.free[closed/64 : (closed+trieBlock)/64])
	}
}
