package unigram

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// precompiled applies a charsmap as Hugging Face does, which is not
// sentencepiece's way: a grapheme cluster of up to 5 bytes whose beginning is a
// rule becomes that rule's replacement as a whole, by the shortest rule; other
// clusters are taken character by character.
type precompiled struct {
	rules *charsmap
	solo  [utf8.RuneSelf]bool // ASCII characters that are a rule
}

func newPrecompiled(rules *charsmap) *precompiled {
	p := &precompiled{rules: rules}
	for b := range p.solo {
		_, p.solo[b] = p.first(string(rune(b)))
	}
	return p
}

// first returns the replacement of the shortest rule that is a prefix of text.
func (p *precompiled) first(text string) (string, bool) {
	t := p.rules.trie
	base := t.root()
	for i := 0; i < len(text) && text[i] != 0; i++ {
		next, unit, ok := t.step(base, text[i])
		if !ok {
			break
		}
		base = next
		if unit&trieEnds != 0 {
			to := p.rules.blob[t.value(base):]
			return to[:strings.IndexByte(to, 0)], true
		}
	}
	return "", false
}

func (p *precompiled) apply(text string) string {
	plain := p.plain(text)
	if plain == len(text) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for {
		out = append(out, text[:plain]...)
		text = text[plain:]
		if text == "" {
			return string(out)
		}
		var cluster string
		cluster, text, _, _ = uniseg.FirstGraphemeClusterInString(text, -1)
		if to, ok := p.first(cluster); ok && len(cluster) < 6 {
			out = append(out, to...)
		} else {
			for i := 0; i < len(cluster); {
				_, size := utf8.DecodeRuneInString(cluster[i:])
				if to, ok := p.first(cluster[i : i+size]); ok {
					out = append(out, to...)
				} else {
					out = append(out, cluster[i:i+size]...)
				}
				i += size
			}
		}
		plain = p.plain(text)
	}
}

// plain returns how many bytes of text are ASCII characters that are graphemes
// and no rules.
func (p *precompiled) plain(text string) int {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= utf8.RuneSelf {
			return max(i-1, 0)
		} else if p.solo[c] || c == '\r' {
			return i
		}
	}
	return len(text)
}

type replaceStep struct {
	literal string
	regex   *regexp.Regexp
	content string
}

func (s replaceStep) apply(text string) string {
	if s.regex != nil {
		return s.regex.ReplaceAllLiteralString(text, s.content)
	}
	return strings.ReplaceAll(text, s.literal, s.content)
}

type stripStep struct{ left, right bool }

func (s stripStep) apply(text string) string {
	if s.left {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	if s.right {
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	}
	return text
}

type prependStep string

func (s prependStep) apply(text string) string {
	if text == "" {
		return text
	}
	return string(s) + text
}

// nmtStep removes control characters and makes all kinds of spaces one.
type nmtStep struct{}

func (nmtStep) apply(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, 0x200B <= r && r <= 0x200F,
			r == 0x2028, r == 0x2029, r == '▁', r == 0xFEFF, r == 0xFFFD:
			return ' '
		case 0 < r && r < ' ', r == 0x7F, r == 0x8F, r == 0x9F:
			return -1
		}
		return r
	}, text)
}

var forms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

// formStep normalizes to a Unicode form. Hugging Face's forms are those of
// Unicode 10, golang.org/x/text's of Unicode 15: characters that got a
// decomposition or a combining class in between are to the former like any
// letter, and are passed over here.
type formStep struct{ form norm.Form }

func (s formStep) apply(text string) string {
	isNew := func(r rune) bool { return r >= 0x7FD && unicode.Is(newForms, r) }
	at := strings.IndexFunc(text, isNew)
	if at < 0 {
		return s.form.String(text)
	}
	var out strings.Builder
	for ; at >= 0; at = strings.IndexFunc(text, isNew) {
		_, size := utf8.DecodeRuneInString(text[at:])
		out.WriteString(s.form.String(text[:at]))
		out.WriteString(text[at : at+size])
		text = text[at+size:]
	}
	out.WriteString(s.form.String(text))
	return out.String()
}

// newForms are all characters that differ, found by comparing every character
// with tokenizers 0.23.3.
var newForms = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x7fd, 0x7fd, 1},
		{0x898, 0x89f, 1},
		{0x8ca, 0x8d3, 1},
		{0x9fe, 0x9fe, 1},
		{0xc3c, 0xc3c, 1},
		{0xd3b, 0xd3c, 1},
		{0xeba, 0xeba, 1},
		{0x1715, 0x1715, 1},
		{0x1abf, 0x1ace, 1},
		{0x1df6, 0x1dfa, 1},
		{0x32ff, 0x32ff, 1},
		{0xa7f2, 0xa7f4, 1},
		{0xa82c, 0xa82c, 1},
		{0xab69, 0xab69, 1},
	},
	R32: []unicode.Range32{
		{0x10781, 0x10785, 1},
		{0x10787, 0x107b0, 1},
		{0x107b2, 0x107ba, 1},
		{0x10d24, 0x10d27, 1},
		{0x10eab, 0x10eac, 1},
		{0x10efd, 0x10eff, 1},
		{0x10f46, 0x10f50, 1},
		{0x10f82, 0x10f85, 1},
		{0x11070, 0x11070, 1},
		{0x1133b, 0x1133b, 1},
		{0x1145e, 0x1145e, 1},
		{0x11839, 0x1183a, 1},
		{0x11930, 0x11938, 1},
		{0x1193d, 0x1193e, 1},
		{0x11943, 0x11943, 1},
		{0x119e0, 0x119e0, 1},
		{0x11a34, 0x11a34, 1},
		{0x11a47, 0x11a47, 1},
		{0x11a99, 0x11a99, 1},
		{0x11d42, 0x11d42, 1},
		{0x11d44, 0x11d45, 1},
		{0x11d97, 0x11d97, 1},
		{0x11f41, 0x11f42, 1},
		{0x16ff0, 0x16ff1, 1},
		{0x1e030, 0x1e06d, 1},
		{0x1e08f, 0x1e08f, 1},
		{0x1e130, 0x1e136, 1},
		{0x1e2ae, 0x1e2ae, 1},
		{0x1e2ec, 0x1e2ef, 1},
		{0x1e4ec, 0x1e4ef, 1},
		{0x1f16c, 0x1f16c, 1},
		{0x1fbf0, 0x1fbf9, 1},
	},
}

type lowerStep struct{}

func (lowerStep) apply(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r == 'İ' { // the one character whose lower case is two
			out.WriteString("i̇")
			continue
		}
		out.WriteRune(toLower(r))
	}
	return out.String()
}

// toLower is the lower case of r in Unicode 17, which tokenizers have; Go 1.26
// has that of Unicode 15.
func toLower(r rune) rune {
	switch {
	case r < 0x1C89:
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
