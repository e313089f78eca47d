package unigram

import (
	"strings"
	"unicode/utf8"
)

// Decode joins pieces to text like sentencepiece's Decode. It restores spaces and
// removes the first one, joins byte pieces (each byte that is not UTF-8 becomes
// U+FFFD), leaves out control pieces, and writes " ⁇ " for the unknown piece. A
// string that is not a piece stands for itself. A model that was read from a
// tokenizer.json applies the decoder of that file instead.
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
	first := true // a space here is the one that was put before the text
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
