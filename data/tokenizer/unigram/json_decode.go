package unigram

import (
	"strings"
	"unicode/utf8"
)

// decode applies the decoders one after the other, and joins what they make.
func (f *jsonFile) decode(tokens []string) string {
	if f.decoders == nil {
		return strings.Join(tokens, " ")
	}
	for _, step := range f.decoders {
		tokens = step.apply(tokens)
	}
	return strings.Join(tokens, "")
}

// eachToken changes every token by itself.
type eachToken func(token string) string

func (f eachToken) apply(tokens []string) []string {
	out := make([]string, len(tokens))
	for i, token := range tokens {
		out[i] = f(token)
	}
	return out
}

type metaspaceDecoder struct{ m *metaspace }

func (d metaspaceDecoder) apply(tokens []string) []string {
	out := make([]string, len(tokens))
	for i, token := range tokens {
		to := " "
		if i == 0 && d.m.prefix != "never" {
			to = ""
		}
		out[i] = strings.ReplaceAll(token, d.m.symbol, to)
	}
	return out
}

// trimSome removes up to start times content in front, stop times behind.
func trimSome(s, content string, start, stop int) string {
	for range start {
		rest, ok := strings.CutPrefix(s, content)
		if !ok {
			break
		}
		s = rest
	}
	for range stop {
		rest, ok := strings.CutSuffix(s, content)
		if !ok {
			break
		}
		s = rest
	}
	return s
}

type fuseDecoder struct{}

func (fuseDecoder) apply(tokens []string) []string { return []string{strings.Join(tokens, "")} }

// byteDecoder puts byte tokens together. A run of them that is not UTF-8
// becomes U+FFFD for each.
type byteDecoder struct{}

func (byteDecoder) apply(tokens []string) []string {
	var out []string
	var run []byte
	flush := func() {
		switch {
		case len(run) == 0:
		case utf8.Valid(run):
			out = append(out, string(run))
		default:
			for range run {
				out = append(out, replacementChar)
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if b, ok := parseHex(token); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, token)
	}
	flush()
	return out
}

// parseHex is parseByte that takes small letters too, as Hugging Face does.
func parseHex(token string) (byte, bool) {
	if len(token) != 6 {
		return 0, false
	}
	return parseByte(token[:3] + strings.ToUpper(token[3:5]) + token[5:])
}
