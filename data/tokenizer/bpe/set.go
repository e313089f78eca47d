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

func (s *set) addTable(t *unicode.RangeTable) {
	for _, r := range t.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			s.add(c)
		}
	}
	for _, r := range t.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			s.add(c)
		}
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

// spaces returns the characters of \s.
func spaces() *set {
	s := new(set)
	s.addTable(unicode.White_Space)
	return s
}

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
