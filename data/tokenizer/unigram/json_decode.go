package unigram

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// decoder is a decoder of a tokenizer.json: it makes texts of tokens.
type decoder func(tokens []string) []string

func (f *jsonFile) addDecoder(c component.Component) error {
	var d decoder
	switch c.Type {
	case "Metaspace":
		m, err := newMetaspace(c)
		if err != nil {
			return err
		}
		d = m.decode
	case "Replace":
		replace, err := newReplace(c)
		if err != nil {
			return err
		}
		if f.growth = max(f.growth, 1) * max(replace.Growth, 1); f.growth > component.MaxGrowth {
			return fmt.Errorf("step %d, Replace, could make a text %.0f times as long, together with those before it: the limit is %d", len(f.decoders)+1, f.growth, component.MaxGrowth)
		}
		d = eachToken(replace.Normalizer)
	case "Strip":
		if c.Start < 0 || c.Stop < 0 || utf8.RuneCountInString(c.Content) != 1 {
			return component.Unsupported("a Strip of %d and %d times %q is not supported", c.Start, c.Stop, c.Content)
		}
		d = eachToken(func(s string) string { return trim(s, c.Content, c.Start, c.Stop) })
	case "ByteFallback":
		d = joinBytes
	case "Fuse":
		d = func(tokens []string) []string { return []string{strings.Join(tokens, "")} }
	default:
		return component.Unsupported("%q is not supported", c.Type)
	}
	f.decoders = append(f.decoders, d)
	return nil
}

// decode applies the decoders one after the other, and joins what they make.
func (f *jsonFile) decode(tokens []string) string {
	if f.decoders == nil {
		return strings.Join(tokens, " ")
	}
	for _, d := range f.decoders {
		tokens = d(tokens)
	}
	return strings.Join(tokens, "")
}

// eachToken changes every token by itself.
func eachToken(change func(token string) string) decoder {
	return func(tokens []string) []string {
		out := make([]string, len(tokens))
		for i, token := range tokens {
			out[i] = change(token)
		}
		return out
	}
}

// decode replaces the symbols by spaces, those of the first token by nothing if a
// symbol may have been put before the text.
func (m *metaspace) decode(tokens []string) []string {
	out := eachToken(func(token string) string { return strings.ReplaceAll(token, m.symbol, " ") })(tokens)
	if len(out) > 0 && m.prefix != "never" {
		out[0] = strings.ReplaceAll(tokens[0], m.symbol, "")
	}
	return out
}

// trim removes content up to start times from the beginning of s, and up to stop
// times from its end.
func trim(s, content string, start, stop int) string {
	for ; start > 0 && strings.HasPrefix(s, content); start-- {
		s = s[len(content):]
	}
	for ; stop > 0 && strings.HasSuffix(s, content); stop-- {
		s = s[:len(s)-len(content)]
	}
	return s
}

// joinBytes joins byte tokens in a row, which may have small letters. A run of
// them that is not UTF-8 becomes one U+FFFD for each.
func joinBytes(tokens []string) []string {
	var out []string
	var run []byte
	flush := func() {
		if utf8.Valid(run) {
			if len(run) > 0 {
				out = append(out, string(run))
			}
		} else {
			for range run {
				out = append(out, replacementChar)
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if len(token) == 6 {
			if b, ok := parseByte(token[:3] + strings.ToUpper(token[3:5]) + token[5:]); ok {
				run = append(run, b)
				continue
			}
		}
		flush()
		out = append(out, token)
	}
	flush()
	return out
}
