package unigram

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// normalizerMakers make the normalizers of sentencepiece's vocabularies.
var normalizerMakers = map[string]component.NormalizerMaker{
	"Precompiled": func(c component.Component) (component.Step, error) {
		data, err := base64.StdEncoding.DecodeString(c.Charsmap)
		if err != nil {
			return component.Step{}, fmt.Errorf("precompiled_charsmap: %w", err)
		}
		rules, err := parseCharsmap(data)
		if err != nil {
			return component.Step{}, fmt.Errorf("precompiled_charsmap: %w", err)
		}
		return component.Step{Normalizer: newPrecompiled(rules).apply, Growth: float64(rules.longest())}, nil
	},
	"Replace": newReplace,
	"Strip": func(c component.Component) (component.Step, error) {
		return component.Step{Normalizer: func(text string) string {
			if component.Or(c.StripLeft, true) {
				text = strings.TrimLeftFunc(text, unicode.IsSpace)
			}
			if component.Or(c.StripRight, true) {
				text = strings.TrimRightFunc(text, unicode.IsSpace)
			}
			return text
		}}, nil
	},
	"Prepend": func(c component.Component) (component.Step, error) {
		return component.Step{Before: len(c.Prepend), Normalizer: func(text string) string {
			if text == "" {
				return text
			}
			return c.Prepend + text
		}}, nil
	},
	"Nmt": func(component.Component) (component.Step, error) { return component.Step{Normalizer: nmt}, nil },
}

// newReplace makes a Replace, which is a normalizer or a decoder. It accepts only
// regular expressions that mean the same in every dialect.
func newReplace(c component.Component) (component.Step, error) {
	switch literal, pattern := component.Or(c.Pattern.String, ""), component.Or(c.Pattern.Regex, ""); {
	case literal != "":
		return component.Step{
			Normalizer: func(text string) string { return strings.ReplaceAll(text, literal, c.Content) },
			Growth:     float64(len(c.Content)) / float64(len(literal)),
		}, nil
	case pattern != "" && !strings.ContainsAny(pattern, `\^$.|?*()[]`):
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil || shortest(parsed) == 0 {
			break
		}
		if re, err := regexp.Compile(pattern); err == nil {
			return component.Step{
				Normalizer: func(text string) string { return re.ReplaceAllLiteralString(text, c.Content) },
				Growth:     float64(len(c.Content)) / float64(shortest(parsed)),
			}, nil
		}
	}
	return component.Step{}, component.Unsupported("the pattern %s is not supported", component.Marshal(c.Pattern))
}

// shortest returns the number of bytes that a pattern of [newReplace] matches at least.
func shortest(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		return len(string(re.Rune))
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n += shortest(sub)
		}
	case syntax.OpPlus:
		n = shortest(re.Sub[0])
	case syntax.OpRepeat:
		n = re.Min * shortest(re.Sub[0])
	}
	return n
}

// precompiled applies a charsmap as Hugging Face does, which differs from
// sentencepiece: a grapheme cluster of up to 5 bytes that begins with a rule is
// replaced as a whole, by the shortest rule. In other clusters each character is
// replaced by itself.
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
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	for _, value := range prefixes(p.rules.trie, text) {
		return p.rules.replacement(value), true
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

// nmt removes control characters, and makes a space of all kinds of spaces.
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
