package unigram

import (
	"strings"
	"unicode/utf8"
)

// Decode joins pieces to text as sentencepiece's Decode does: spaces are
// restored and the one in front is removed, byte pieces are put together
// (bytes that are not UTF-8 become U+FFFD each), control pieces are left out,
// the unknown piece becomes " ⁇ ". A string that is no piece stands for itself.
// The decoder of a model that comes from a tokenizer.json is applied instead.
func (m *Model) Decode(tokens []string) string {
	if m.file != nil {
		return m.file.decode(tokens)
	}
	var out, bytes []byte
	flush := func() {
		for len(bytes) > 0 {
			r, size := utf8.DecodeRune(bytes)
			out = utf8.AppendRune(out, r)
			bytes = bytes[size:]
		}
		bytes = bytes[:0]
	}
	first := true // a space here is the one that was put in front
	trim := m.normalizer.dummyPrefix || m.normalizer.removeExtra
	for _, token := range tokens {
		id, ok := m.ID(token)
		if !ok {
			id = m.unk
		}
		if id >= 0 && m.pieces[id].kind == byteType {
			b, _ := parseByte(token)
			bytes = append(bytes, b)
			continue
		}
		flush()
		if len(out) > 0 {
			first = false
		}
		if id >= 0 && m.pieces[id].kind == control {
			continue
		}
		text, trimmed := token, false
		if first && trim {
			text, trimmed = strings.CutPrefix(text, space)
		}
		switch {
		case id != m.unk:
			out = append(out, strings.ReplaceAll(text, space, " ")...)
		case ok:
			out = append(out, m.surface...)
		default:
			out = append(out, token...)
		}
		// Where extra spaces are removed, all leading ones are.
		if trimmed && !m.normalizer.removeExtra || len(out) > 0 {
			first = false
		}
	}
	flush()
	if m.denormalizer != nil {
		return string(m.denormalizer.text(nil, string(out)))
	}
	return string(out)
}
