package utf8text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// StripAccents returns text without its marks (M) of Unicode 9, like Hugging Face's
// StripAccents. It does not decompose text.
func StripAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if isMark(r) {
			return -1
		}
		return r
	}, text)
}

func isMark(r rune) bool {
	if r < 0x300 || 0x3300 <= r && r < 0xA66F || 0xAC00 <= r && r < 0xFB1E {
		return false
	}
	return r == vedicArdhavisarga || r == vedicRotated || unicode.Is(unicode.M, r) && !unicode.Is(newMarks, r)
}

// IsPunctuation reports whether r is punctuation to Hugging Face's pre-tokenizers,
// by Unicode 8. ASCII symbols count as punctuation too.
func IsPunctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r != 0x7F && !('0' <= r && r <= '9') && !('A' <= r && r <= 'Z') && !('a' <= r && r <= 'z')
	}
	return r == canadianChi || r == sharadaMark || unicode.IsPunct(r) && !unicode.Is(newPunctuation, r)
}

// Characters whose class was changed since.
const (
	canadianChi       = 0x166D  // was punctuation, is a symbol
	sharadaMark       = 0x111C9 // was punctuation, is a mark
	vedicArdhavisarga = 0x1CF2  // was a mark, is a letter
	vedicRotated      = 0x1CF3  // was a mark, is a letter
)

// testdata/classes.py lists the classes of every code point, for the tests to compare.

// newMarks are marks (M) that are not stripped.
var newMarks = Table(`
	7fd 898-89f 8ca-8d3 9fe afa-aff b55 c04 c3c cf3 d00 d3b-d3c d81 eba ece 1715 180f 1abf-1ace 1cf7
	1df6-1dfa a82c a8ff 10d24-10d27 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85 11070 11073-11074
	110c2 11145-11146 111c9 111ce-111cf 11241 1133b 1145e 1182c-1183a 11930-11935 11937-11938
	1193b-1193e 11940 11942-11943 119d1-119d7 119da-119e0 119e4 11a01-11a0a 11a33-11a39 11a3b-11a3e
	11a47 11a51-11a5b 11a8a-11a99 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d8a-11d8e
	11d90-11d91 11d93-11d97 11ef3-11ef6 11f00-11f01 11f03 11f34-11f3a 11f3e-11f42 13440 13447-13455
	16f4f 16f7f-16f87 16fe4 16ff0-16ff1 1cf00-1cf2d 1cf30-1cf46 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef
	1e4ec-1e4ef`)

// newPunctuation is punctuation (P) that does not count.
var newPunctuation = Table(`
	61d 9fd a76 c77 c84 1b7d-1b7e 2e43-2e4f 2e52-2e5d 10ead 10f55-10f59 10f86-10f89 1144b-1144f
	1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 11a9a-11a9c 11a9e-11aa2
	11b00-11b09 11c41-11c45 11c70-11c71 11ef7-11ef8 11f43-11f4f 11fff 12ff1-12ff2 16e97-16e9a 16fe2
	1e95e-1e95f`)
