package utf8text

import (
	"strings"
	"unicode/utf8"
)

// Repair returns text with one U+FFFD in place of each maximal part that begins a
// character and does not complete it, like Python's bytes.decode("utf-8",
// "replace") and Rust's String::from_utf8_lossy (Unicode 15, section 3.9,
// "U+FFFD Substitution of Maximal Subparts"). [strings.ToValidUTF8] would put one
// for each run of invalid bytes, a conversion to runes one for each byte.
//
// Valid text is returned as it is, without a copy.
func Repair(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	from := 0 // first byte not yet written
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		if r, size := utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError || size > 1 {
			i += size
			continue
		}
		b.WriteString(text[from:i])
		b.WriteRune(utf8.RuneError)
		i += invalidPart(text[i:])
		from = i
	}
	b.WriteString(text[from:])
	return b.String()
}

// invalidPart returns the length, at least 1, of the longest beginning of text that
// also begins some valid character. Text itself does not begin with a valid one.
func invalidPart(text string) int {
	low, high, more := byte(0x80), byte(0xBF), 0
	switch c := text[0]; {
	case 0xC2 <= c && c <= 0xDF:
		more = 1
	case c == 0xE0:
		low, more = 0xA0, 2
	case c == 0xED:
		high, more = 0x9F, 2
	case 0xE1 <= c && c <= 0xEF:
		more = 2
	case c == 0xF0:
		low, more = 0x90, 3
	case c == 0xF4:
		high, more = 0x8F, 3
	case 0xF1 <= c && c <= 0xF3:
		more = 3
	}
	n := 1
	for n <= more && n < len(text) && low <= text[n] && text[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}
