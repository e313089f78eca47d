package bpe

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is what the patterns ask of a character: the four are disjoint and
// every character is of one of them.
type class uint8

const (
	other  class = iota
	letter       // \p{L}
	number       // \p{N}
	space        // \s
)

// classes holds the class of every character: a megabyte, of which a text
// touches little.
type classes [unicode.MaxRune + 1]class

// characterClasses returns the classes, made on first use.
var characterClasses = sync.OnceValue(func() *classes {
	t := new(classes)
	t.set(unicode.L, letter)
	t.set(newIn16["L"], letter)
	t.set(unicode.N, number)
	t.set(newIn16["N"], number)
	t.set(unicode.White_Space, space)
	return t
})

func (t *classes) set(table *unicode.RangeTable, c class) {
	each(table, func(r rune) { t[r] = c })
}

// at returns the class of the character of s at i, and its length.
func (t *classes) at(s string, i int) (class, int) {
	if c := s[i]; c < utf8.RuneSelf {
		return t[c], 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	return t[r], size
}

// run returns the end of the characters of class c at i.
func (t *classes) run(s string, i int, c class) int {
	for i < len(s) {
		d, size := t.at(s, i)
		if d != c {
			break
		}
		i += size
	}
	return i
}

// each calls f for every character of a table.
func each(table *unicode.RangeTable, f func(rune)) {
	for _, r := range table.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			f(c)
		}
	}
	for _, r := range table.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			f(c)
		}
	}
}
