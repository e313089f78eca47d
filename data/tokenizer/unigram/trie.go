package unigram

import (
	"errors"
	"fmt"
	"iter"
)

// trie is a double array in the format of darts-clone, which is the one in a
// sentencepiece model's precompiled_charsmap: a unit is a node with an incoming
// label (bits 0-7), a flag set if a key ends there (bit 8) and the
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
