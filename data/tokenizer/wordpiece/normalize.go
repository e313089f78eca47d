package wordpiece

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// isSpace tells whether BERT treats r as whitespace. Vertical tab, form feed
// and the like are control characters to it, and removed.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', 0x2028, 0x2029:
		return true
	}
	return r >= 0x80 && unicode.Is(unicode.Zs, r)
}

// isControl tells whether BERT removes r when it cleans text.
func isControl(r rune) bool {
	if r == '\t' || r == '\n' || r == '\r' {
		return false
	}
	return r == 0 || r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) && !unicode.Is(newFormat, r)
}

// isMark tells whether r is an accent, which is stripped.
func isMark(r rune) bool {
	return r == hanunooPamudpod || unicode.Is(unicode.Mn, r) && !unicode.Is(newMarks, r)
}

// isIdeograph tells whether r is one of the CJK ideographs that BERT sets apart.
// The gap at U+2B820 is Hugging Face's.
func isIdeograph(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, 0x4E00 <= r && r <= 0x9FFF, 0xF900 <= r && r <= 0xFAFF,
		0x20000 <= r && r <= 0x2A6DF, 0x2A700 <= r && r <= 0x2B73F, 0x2B740 <= r && r <= 0x2B81F,
		0x2B920 <= r && r <= 0x2CEAF, 0x2F800 <= r && r <= 0x2FA1F:
		return true
	}
	return false
}

// text appends the normalized text to dst, which is empty.
func (n Normalization) text(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return n.unicode(dst, text)
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if n.CleanText && asciiSpace[c] {
			c = ' '
		}
		if n.CleanText && (c < ' ' || c == 0x7f) {
			continue
		}
		if n.Lowercase && 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// words calls yield for every word that BERT makes of text, which holds no
// whitespace other than that which normalization makes. The slice given to
// yield is overwritten by the next call.
func (n Normalization) words(text string, scratch []byte, yield func(word []byte)) []byte {
	buf := n.text(scratch[:0], text)
	start := 0
	flush := func(end int) {
		if end > start {
			yield(buf[start:end])
		}
	}
	for i := 0; i < len(buf); {
		r, size := rune(buf[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(buf[i:])
		}
		switch {
		case unicode.IsSpace(r):
			flush(i)
			start = i + size
		case utf8text.IsPunctuation(r):
			flush(i)
			start = i
			flush(i + size)
			start = i + size
		}
		i += size
	}
	flush(len(buf))
	return buf
}

// unicode does what text does, for any characters.
func (n Normalization) unicode(dst []byte, text string) []byte {
	for _, r := range text {
		if n.CleanText {
			if isControl(r) {
				continue
			}
			if isSpace(r) {
				r = ' '
			}
		}
		if n.ChineseChars && isIdeograph(r) {
			dst = append(dst, ' ')
			dst = utf8.AppendRune(dst, r)
			dst = append(dst, ' ')
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	if !n.StripAccents && !n.Lowercase {
		return dst
	}
	in := dst
	if n.StripAccents {
		in = []byte(utf8text.Normalize(norm.NFD, string(dst)))
	}
	// Lowercasing can lengthen a character, so that it cannot be done in place.
	out := make([]byte, 0, len(in)+8)
	for len(in) > 0 {
		r, size := utf8.DecodeRune(in)
		in = in[size:]
		if n.StripAccents && isMark(r) {
			continue
		}
		if n.Lowercase {
			if r == 0x130 { // the one character whose lower case is two
				out = append(out, "i̇"...)
				continue
			}
			r = utf8text.LowerRune(r)
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
