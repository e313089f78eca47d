package wordpiece

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Sections of a tokenizer.json as far as this package understands them.
type (
	normalizerJSON struct {
		Type         string `json:"type"`
		CleanText    *bool  `json:"clean_text"`
		ChineseChars *bool  `json:"handle_chinese_chars"`
		StripAccents *bool  `json:"strip_accents"`
		Lowercase    *bool  `json:"lowercase"`
	}
	decoderJSON struct {
		Type    string  `json:"type"`
		Prefix  *string `json:"prefix"`
		Cleanup *bool   `json:"cleanup"`
	}
	modelJSON struct {
		Type     string           `json:"type"`
		Unk      string           `json:"unk_token"`
		Prefix   *string          `json:"continuing_subword_prefix"`
		MaxChars *int             `json:"max_input_chars_per_word"`
		Vocab    map[string]int64 `json:"vocab"`
	}
)

// Parse makes a model of the sections of a tokenizer.json, nil where it has none.
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	var (
		n *normalizerJSON
		p *struct{ Type string }
		d *decoderJSON
		m modelJSON
	)
	for _, s := range []struct {
		name string
		raw  json.RawMessage
		into any
	}{{"normalizer", normalizer, &n}, {"pre_tokenizer", preTokenizer, &p}, {"decoder", decoder, &d}, {"model", model, &m}} {
		if len(s.raw) == 0 {
			continue
		}
		if err := json.Unmarshal(s.raw, s.into); err != nil {
			return nil, fmt.Errorf("the %s section: %w", s.name, err)
		}
	}
	switch {
	case len(m.Vocab) == 0:
		return nil, errors.New(`the "model" has no "vocab"`)
	case m.Unk != unknown && m.Unk != "":
		return nil, fmt.Errorf("the unknown token is %q; only %s is supported", m.Unk, unknown)
	case m.Prefix != nil && *m.Prefix != prefix:
		return nil, fmt.Errorf("the prefix of continuing pieces is %q; only %q is supported", *m.Prefix, prefix)
	case m.MaxChars != nil && *m.MaxChars < 0:
		return nil, fmt.Errorf("max_input_chars_per_word is %d: give 0 or more", *m.MaxChars)
	case n != nil && n.Type != "BertNormalizer":
		return nil, fmt.Errorf("the normalizer is of type %q; only BertNormalizer is supported with WordPiece", n.Type)
	case p == nil || p.Type != "BertPreTokenizer":
		return nil, errors.New("the pre-tokenizer is not a BertPreTokenizer, the only one supported with WordPiece")
	case d != nil && d.Type != "WordPiece" && d.Type != "":
		return nil, fmt.Errorf("the decoder is of type %q; only WordPiece is supported with WordPiece", d.Type)
	case d != nil && d.Prefix != nil && *d.Prefix != prefix:
		return nil, fmt.Errorf("the decoder's prefix is %q; only %q is supported", *d.Prefix, prefix)
	}
	tokens, err := inOrder(m.Vocab)
	if err != nil {
		return nil, err
	}
	var norm Normalization
	if n != nil {
		isTrue := func(b *bool) bool { return b == nil || *b }
		norm = Normalization{CleanText: isTrue(n.CleanText), ChineseChars: isTrue(n.ChineseChars), Lowercase: isTrue(n.Lowercase)}
		norm.StripAccents = norm.Lowercase // Hugging Face's default
		if n.StripAccents != nil {
			norm.StripAccents = *n.StripAccents
		}
	}
	w, err := New(tokens, norm)
	if err != nil {
		return nil, err
	}
	if m.MaxChars != nil {
		w.maxChars = *m.MaxChars
	}
	w.decoding = decoding{none: d == nil, cleanup: d != nil && (d.Cleanup == nil || *d.Cleanup)}
	return w, nil
}

// inOrder returns the tokens of a vocabulary by id.
func inOrder(vocab map[string]int64) ([]string, error) {
	n := len(vocab)
	tokens := make([]string, n)
	seen := make([]bool, n)
	for _, token := range slices.Sorted(maps.Keys(vocab)) { // so that the first fault found is always the same
		id := vocab[token]
		if id < 0 || id >= int64(n) {
			return nil, fmt.Errorf("token %q has id %d, but there are %d tokens, whose ids must be 0 to %d", token, id, n, n-1)
		}
		if seen[id] {
			return nil, fmt.Errorf("tokens %q and %q share the id %d", tokens[id], token, id)
		}
		seen[id], tokens[id] = true, token
	}
	return tokens, nil
}

// JSON returns the model as sections of a tokenizer.json. The same model gives
// the same bytes.
func (m *Model) JSON() (normalizer, preTokenizer, decoder, model json.RawMessage) {
	normalizer = fmt.Appendf(nil, `{"type": "BertNormalizer", "clean_text": %t, "handle_chinese_chars": %t, "strip_accents": %t, "lowercase": %t}`,
		m.norm.CleanText, m.norm.ChineseChars, m.norm.StripAccents, m.norm.Lowercase)
	preTokenizer = []byte(`{"type": "BertPreTokenizer"}`)
	decoder = []byte("null")
	if !m.decoding.none {
		decoder = fmt.Appendf(nil, `{"type": "WordPiece", "prefix": "##", "cleanup": %t}`, m.decoding.cleanup)
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": %d, "vocab": {`, m.maxChars)
	for id, token := range m.tokens {
		if id > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(token) + ": " + strconv.Itoa(id))
	}
	b.WriteString("}}")
	return normalizer, preTokenizer, decoder, b.Bytes()
}

// quote returns a JSON string without the escapes that are meant for HTML.
func quote(s string) string {
	var q strings.Builder
	enc := json.NewEncoder(&q)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // strings always encode
	return strings.TrimSuffix(q.String(), "\n")
}
