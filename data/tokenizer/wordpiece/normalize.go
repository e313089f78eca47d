package wordpiece

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// isSpace reports whether BERT treats r as whitespace. It does not treat vertical
// tab, form feed and the like so: they are control characters, which are removed.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', 0x2028, 0x2029:
		return true
	}
	return r >= 0x80 && unicode.Is(unicode.Zs, r)
}

// isControl reports whether BERT removes r, which is not ASCII, when it cleans text.
func isControl(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) && !unicode.Is(newFormat, r)
}

// isMark reports whether r is an accent, which is stripped.
func isMark(r rune) bool {
	return r == hanunooPamudpod || unicode.Is(unicode.Mn, r) && !unicode.Is(newMarks, r)
}

// isIdeograph reports whether r is one of the CJK ideographs that BERT sets apart.
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
	ascii := true
	for _, r := range text {
		if r < utf8.RuneSelf {
			switch {
			case n.CleanText && asciiSpace[r]:
				r = ' '
			case n.CleanText && (r < ' ' || r == 0x7f):
				continue
			case n.Lowercase && 'A' <= r && r <= 'Z':
				r += 'a' - 'A'
			}
			dst = append(dst, byte(r))
			continue
		}
		ascii = false
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
	if ascii || !n.StripAccents && !n.Lowercase {
		return dst
	}
	s := string(dst)
	if n.StripAccents {
		s = strings.Map(func(r rune) rune {
			if isMark(r) {
				return -1
			}
			return r
		}, utf8text.Normalize(norm.NFD, s))
	}
	if n.Lowercase {
		s = utf8text.Lower(s)
	}
	return append(dst[:0], s...)
}

// words calls yield for every word that BERT makes of text, which holds no
// whitespace. Normalization may make some. The slice given to yield is overwritten by
// the next call. It returns scratch, which may have grown.
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
