package unigram

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

var forms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

func (f *jsonFile) addNormalizer(c component) error {
	var step func(text string) string
	switch c.Type {
	case "Precompiled":
		data, err := base64.StdEncoding.DecodeString(c.Charsmap)
		if err != nil {
			return fmt.Errorf("unigram: precompiled_charsmap: %w", err)
		}
		if len(data) == 0 {
			return unsupported("normalizer", "Precompiled without a charsmap")
		}
		rules, err := parseCharsmap(data)
		if err != nil {
			return fmt.Errorf("unigram: precompiled_charsmap: %w", err)
		}
		step = newPrecompiled(rules).apply
	case "Replace":
		replace, err := newReplace("normalizer", c)
		if err != nil {
			return err
		}
		step = replace.apply
	case "Strip":
		step = stripStep{c.StripLeft == nil || *c.StripLeft, c.StripRight == nil || *c.StripRight}.apply
	case "Prepend":
		step = func(text string) string {
			if text == "" {
				return text
			}
			return c.Prepend + text
		}
	case "Nmt":
		step = nmt
	case "NFC", "NFD", "NFKC", "NFKD":
		form := forms[c.Type]
		step = func(text string) string { return utf8text.Normalize(form, text) }
	case "Lowercase":
		step = utf8text.Lower
	case "StripAccents":
		step = utf8text.StripAccents
	default:
		return unsupported("normalizer", c.Type)
	}
	f.normalizers = append(f.normalizers, step)
	return nil
}

// newReplace makes a Replace component. Of regular expressions only those are
// taken whose meaning is the same in every dialect.
func newReplace(section string, c component) (replaceStep, error) {
	switch {
	case c.Pattern.String != nil && *c.Pattern.String != "":
		return replaceStep{literal: *c.Pattern.String, content: c.Content}, nil
	case c.Pattern.Regex != nil && *c.Pattern.Regex != "" && !strings.ContainsAny(*c.Pattern.Regex, `\^$.|?*()[]`):
		re, err := regexp.Compile(*c.Pattern.Regex)
		if err == nil {
			return replaceStep{regex: re, content: c.Content}, nil
		}
	}
	pattern, _ := json.Marshal(c.Pattern)
	return replaceStep{}, unsupported(section, "Replace with the pattern "+string(pattern))
}

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

// nmt removes control characters and makes all kinds of spaces one.
func nmt(text string) string {
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
