package wordpiece

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
)

// Parse makes a model of the sections of a tokenizer.json, nil or null where it has
// none.
//
//   - normalizer: BertNormalizer
//   - pre_tokenizer: BertPreTokenizer
//   - decoder: WordPiece with the prefix "##"
//   - model: WordPiece with the prefix "##"
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	n, err := component.One("normalizer", normalizer)
	if err != nil {
		return nil, err
	}
	p, err := component.One("pre_tokenizer", preTokenizer)
	if err != nil {
		return nil, err
	}
	d, err := component.One("decoder", decoder)
	if err != nil {
		return nil, err
	}
	switch {
	case n != nil && n.Type != "BertNormalizer":
		return nil, component.Unsupported("the normalizer is of type %q; only BertNormalizer is supported with WordPiece", n.Type)
	case p == nil || p.Type != "BertPreTokenizer":
		return nil, component.Unsupported("the pre-tokenizer is not a BertPreTokenizer, the only one supported with WordPiece")
	case d != nil && d.Type != "WordPiece" && d.Type != "":
		return nil, component.Unsupported("the decoder is of type %q; only WordPiece is supported with WordPiece", d.Type)
	case d != nil && component.Or(d.Prefix, prefix) != prefix:
		return nil, component.Unsupported("the decoder's prefix is %q; only %q is supported", *d.Prefix, prefix)
	}
	m, err := parseModel(model)
	if err != nil {
		return nil, err
	}
	if n != nil {
		lowercase := component.Or(n.Lowercase, true)
		m.norm = Normalization{
			CleanText:    component.Or(n.CleanText, true),
			ChineseChars: component.Or(n.ChineseChars, true),
			StripAccents: component.Or(n.StripAccents, lowercase), // Hugging Face's default
			Lowercase:    lowercase,
		}
	}
	m.decoding = decoding{none: d == nil, cleanup: d != nil && component.Or(d.Cleanup, true)}
	return m, nil
}

// longestWord bounds max_input_chars_per_word: the time for a word grows with the cube
// of its length where a vocabulary is made for that.
const longestWord = 1000

// modelSection is the model section, in the order in which it is written.
type modelSection struct {
	Type     string          `json:"type"`
	Unk      string          `json:"unk_token"`
	Prefix   *string         `json:"continuing_subword_prefix"`
	MaxChars *int            `json:"max_input_chars_per_word"`
	Vocab    json.RawMessage `json:"vocab"`
}

func parseModel(section json.RawMessage) (*Model, error) {
	var s modelSection
	if err := strictjson.UnmarshalPart(section, &s); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	limit := component.Or(s.MaxChars, maxChars)
	switch p := component.Or(s.Prefix, prefix); {
	case component.IsNull(s.Vocab):
		return nil, errors.New(`the "model" has no "vocab"`)
	case p != prefix:
		return nil, component.Unsupported("the prefix of continuing pieces is %q; only %q is supported", p, prefix)
	case limit < 0 || limit > longestWord:
		return nil, fmt.Errorf("max_input_chars_per_word is %d: give 0 to %d", limit, longestWord)
	}
	v, err := vocab.Parse(s.Vocab, false)
	if err != nil {
		return nil, err
	}
	if s.Unk == "" {
		s.Unk = unknown
	}
	m, err := newModel(v, Normalization{}, s.Unk)
	if err != nil {
		return nil, err
	}
	m.maxChars = limit
	return m, nil
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
	p := prefix
	return normalizer, preTokenizer, decoder, component.Marshal(modelSection{"WordPiece", m.Unknown(), &p, &m.maxChars, m.Section()})
}
