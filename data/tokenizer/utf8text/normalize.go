package utf8text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longRun is the number of combining characters in a row above which x/text is not
// used, since it inserts a U+034F after 30 of them, counted decomposed.
const longRun = 12

// Normalize returns a Unicode normalization form of text like Hugging Face's
// normalizers NFC, NFD, NFKC and NFKD: by Unicode 9, and without a limit on the
// combining characters in a row. Text is valid UTF-8.
func Normalize(form norm.Form, text string) string {
	i := 0
	for i < len(text) && text[i] < utf8.RuneSelf {
		i++
	}
	if i == len(text) {
		return text
	}
	var b strings.Builder
	from, combining, long := 0, 0, false
	flush := func(to int) {
		switch segment := text[from:to]; {
		case long:
			b.WriteString(normalizeExactly(form, segment))
		case form.IsNormalString(segment):
			b.WriteString(segment)
		default:
			b.WriteString(form.String(segment))
		}
		from, combining, long = to, 0, false
	}
	for i < len(text) {
		if text[i] < utf8.RuneSelf {
			combining = 0
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if isNormal(r) {
			flush(i)
			b.WriteRune(r)
			i += size
			from = i
			continue
		}
		// x/text counts a character that decomposes into combining ones as these:
		// for example U+0F73 and, in any form, U+FF9E.
		if norm.NFKD.PropertiesString(text[i:i+size]).LeadCCC() == 0 {
			combining = 0
		} else if combining++; combining > longRun {
			long = true
		}
		i += size
	}
	flush(len(text))
	return b.String()
}

// normalizeExactly is form.String without its limit on combining characters
// (Unicode Standard Annex 15; algorithm in Unicode 15, section 3.11).
func normalizeExactly(form norm.Form, text string) string {
	decomposition := norm.NFD
	if form == norm.NFKC || form == norm.NFKD {
		decomposition = norm.NFKD
	}
	type character struct {
		r   rune
		ccc uint8
	}
	var all []character
	for _, r := range text {
		for _, d := range decomposition.String(string(r)) {
			all = append(all, character{d, decomposition.PropertiesString(string(d)).CCC()})
		}
	}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].ccc > 0 {
			j++
		}
		slices.SortStableFunc(all[i:j], func(a, b character) int { return int(a.ccc) - int(b.ccc) })
		i = max(j, i+1)
	}
	if form == norm.NFD || form == norm.NFKD {
		var b strings.Builder
		for _, c := range all {
			b.WriteRune(c.r)
		}
		return b.String()
	}

	var out []rune
	starter := -1 // index in out of the last starter
	last := uint8(0)
	for _, c := range all {
		// A character does not combine with the starter if one of its own class or
		// of a higher one, or another starter, is between them.
		adjacent := starter == len(out)-1
		if starter >= 0 && (adjacent || last != 0 && last < c.ccc) {
			composed := []rune(norm.NFC.String(string(out[starter]) + string(c.r)))
			if len(composed) == 1 {
				out[starter] = composed[0]
				continue
			}
		}
		if c.ccc == 0 {
			starter = len(out)
		}
		last = c.ccc
		out = append(out, c.r)
	}
	return string(out)
}

// isNormal reports whether Hugging Face's normalizers leave r as it is, as a
// starter, although x/text would decompose or compose it.
func isNormal(r rune) bool {
	return r >= 0x7FD && !(0x3300 <= r && r < 0xA7F2) && unicode.Is(normalIn9, r)
}

// normalIn9 are the characters that got a decomposition or a combining class after
// Unicode 9. testdata/normal.py lists what the tests compare.
var normalIn9 = Table(`
	7fd 898-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1ace 1df6-1dfa 32ff a7f2-a7f4 a82c ab69
	10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85
	11070 1133b 1145e 11839-1183a 11930 11935 11938 1193d-1193e 11943 119e0 11a34 11a47 11a99 11d42
	11d44-11d45 11d97 11f41-11f42 16ff0-16ff1 1e030-1e06d 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef
	1e4ec-1e4ef 1f16c 1fbf0-1fbf9`)
