package bpe

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is what the patterns with a scanner ask of a character. Every character
// is of exactly one class.
type class uint8

const (
	other  class = iota
	letter       // \p{L}
	number       // \p{N}
	space        // \s
)

// classes holds the class of every character: 1.1 MB. Text in one script reads only
// a small part of it.
type classes [unicode.MaxRune + 1]class

// characterClasses returns the classes. The first call makes them.
var characterClasses = sync.OnceValue(func() *classes {
	t := new(classes)
	letters, numbers, spaces := property("L"), property("N"), spaces()
	for i := range t {
		switch r := rune(i); {
		case letters.contains(r):
			t[i] = letter
		case numbers.contains(r):
			t[i] = number
		case spaces.contains(r):
			t[i] = space
		}
	}
	return t
})

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
