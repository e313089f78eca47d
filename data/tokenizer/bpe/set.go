package bpe

import (
	"unicode"
	"unicode/utf8"
)

// set is a set of characters, a bit for each.
type set [(unicode.MaxRune + 64) / 64]uint64

func (s *set) add(r rune)           { s[r/64] |= 1 << (r % 64) }
func (s *set) remove(r rune)        { s[r/64] &^= 1 << (r % 64) }
func (s *set) contains(r rune) bool { return s[r/64]>>(r%64)&1 != 0 }

func (s *set) addRange(lo, hi rune) {
	for r := lo; r <= hi; r++ {
		s.add(r)
	}
}

func (s *set) union(t *set) {
	for i, w := range t {
		s[i] |= w
	}
}

func (s *set) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// property returns the characters of a general category or script by the
// Unicode version of Oniguruma, or nil if that is not known.
func property(name string) *set {
	added, ok := newIn16[name]
	if !ok {
		return nil
	}
	table, ok := unicode.Categories[name]
	if !ok {
		table = unicode.Scripts[name]
	}
	s := new(set)
	each(table, s.add)
	each(added, s.add)
	if name == "Mn" {
		s.remove(ahomMark)
	}
	return s
}

// spaces returns the characters of \s, digits those of \d.
func spaces() *set {
	s := new(set)
	each(unicode.White_Space, s.add)
	return s
}

func digits() *set { return property("Nd") }

// member returns the length of the character of text at i if it is in s, else 0.
func (s *set) member(text string, i int) int {
	if i >= len(text) {
		return 0
	}
	r, size := rune(text[i]), 1
	if r >= utf8.RuneSelf {
		r, size = utf8.DecodeRuneInString(text[i:])
	}
	if !s.contains(r) {
		return 0
	}
	return size
}
