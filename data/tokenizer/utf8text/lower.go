package utf8text

import (
	"strings"
	"unicode"
)

// Lower returns the lower case of text, character by character, by Unicode 17, like
// Rust's char::to_lowercase: U+0130 becomes two characters, and a final sigma is
// treated like others. Go 1.26 has Unicode 15.
func Lower(text string) string {
	return strings.Map(LowerRune, strings.ReplaceAll(text, "\u0130", "i\u0307"))
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
