package utf8text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longRun is the number of combining characters in a row from which x/text is
// not trusted: it puts a U+034F after the thirtieth, decomposed, one.
const longRun = 12

// Normalize returns a Unicode normalization form of text as Hugging Face's
// normalizers NFC, NFD, NFKC and NFKD give it: by Unicode 9, and whatever the
// number of combining characters in a row. Text is valid UTF-8.
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
		// x/text counts a character that decomposes into combining ones, such
		// as U+0F73 and, whatever the form, U+FF9E, as these.
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
		// A character is blocked from the starter by one of its own class or a
		// higher one between them, or by another starter.
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

// isNormal tells whether r, which x/text would decompose or compose, is to
// Hugging Face's normalizers a starter that does neither.
func isNormal(r rune) bool {
	return r >= 0x7FD && !(0x3300 <= r && r < 0xA7F2) && unicode.Is(normalIn9, r)
}

// normalIn9 are the characters that got a decomposition or a combining class
// after Unicode 9, found by comparing every code point with testdata/normal.py.
var normalIn9 = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x7fd, 0x7fd, 1}, {0x898, 0x89f, 1}, {0x8ca, 0x8d3, 1}, {0x9fe, 0x9fe, 1},
		{0xc3c, 0xc3c, 1}, {0xd3b, 0xd3c, 1}, {0xeba, 0xeba, 1}, {0x1715, 0x1715, 1},
		{0x1abf, 0x1ace, 1}, {0x1df6, 0x1dfa, 1}, {0x32ff, 0x32ff, 1}, {0xa7f2, 0xa7f4, 1},
		{0xa82c, 0xa82c, 1}, {0xab69, 0xab69, 1},
	},
	R32: []unicode.Range32{
		{0x10781, 0x10785, 1}, {0x10787, 0x107b0, 1}, {0x107b2, 0x107ba, 1}, {0x10d24, 0x10d27, 1},
		{0x10eab, 0x10eac, 1}, {0x10efd, 0x10eff, 1}, {0x10f46, 0x10f50, 1}, {0x10f82, 0x10f85, 1},
		{0x11070, 0x11070, 1}, {0x1133b, 0x1133b, 1}, {0x1145e, 0x1145e, 1}, {0x11839, 0x1183a, 1},
		{0x11930, 0x11930, 1}, {0x11935, 0x11935, 1}, {0x11938, 0x11938, 1}, {0x1193d, 0x1193e, 1},
		{0x11943, 0x11943, 1}, {0x119e0, 0x119e0, 1}, {0x11a34, 0x11a34, 1}, {0x11a47, 0x11a47, 1},
		{0x11a99, 0x11a99, 1}, {0x11d42, 0x11d42, 1}, {0x11d44, 0x11d45, 1}, {0x11d97, 0x11d97, 1},
		{0x11f41, 0x11f42, 1}, {0x16ff0, 0x16ff1, 1}, {0x1e030, 0x1e06d, 1}, {0x1e08f, 0x1e08f, 1},
		{0x1e130, 0x1e136, 1}, {0x1e2ae, 0x1e2ae, 1}, {0x1e2ec, 0x1e2ef, 1}, {0x1e4ec, 0x1e4ef, 1},
		{0x1f16c, 0x1f16c, 1}, {0x1fbf0, 0x1fbf9, 1},
	},
}
