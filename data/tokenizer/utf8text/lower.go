package utf8text

import (
	"strings"
	"unicode"
)

// Lower returns the lower case of text, character by character, by Unicode 17, like
// Rust's char::to_lowercase: U+0130 becomes two characters, and a final sigma is
// treated like others. Go 1.26 has Unicode 15.
func Lower(text string) string {
	i := 0
	for i < len(text) && text[i] < 0x80 && (text[i] < 'A' || text[i] > 'Z') {
		i++
	}
	if i == len(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	b.WriteString(text[:i])
	for _, r := range text[i:] {
		b.WriteRune(LowerRune(r))
		if r == 0x130 {
			b.WriteRune(0x307)
		}
	}
	return b.String()
}

// LowerRune returns the first character of the lower case of r, by Unicode 17. There
// is only one, except for U+0130, whose lower case is "i" and U+0307.
func LowerRune(r rune) rune {
	if r < 0x1C89 {
		return unicode.ToLower(r)
	}
	// Letters that Unicode 16 and 17 have added or given a lower case.
	switch {
	case r == 0x1C89, r == 0xA7CC, r == 0xA7CE, r == 0xA7D2, r == 0xA7D4, r == 0xA7DA:
		return r + 1
	case r == 0xA7CB:
		return 0x264
	case r == 0xA7DC:
		return 0x19B
	case 0x10D50 <= r && r <= 0x10D65:
		return r + 0x20
	case 0x16EA0 <= r && r <= 0x16EB8:
		return r + 0x1B
	}
	return unicode.ToLower(r)
}
