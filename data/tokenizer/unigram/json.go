package unigram

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// jsonFile is the content of a tokenizer.json other than the vocabulary, and its
// sections as they were read.
type jsonFile struct {
	normalizers []component.Normalizer
	split       bool // at whitespace, which is removed
	punctuation bool // each character of it is by itself
	metaspace   *metaspace
	decoders    []decoder // none: tokens are joined by spaces
	growth      float64   // of a text by the decoders

	sections component.Sections
	model    json.RawMessage
}

// metaspace is the pre-tokenizer that replaces spaces by a symbol and splits
// before each.
type metaspace struct {
	symbol string
	prefix string // where a symbol is put before text: "always", "first" or "never"
	split  bool
}

// Parse makes a model of the sections of a tokenizer.json whose model is of type
// Unigram. A section that is absent is nil or null. The model encodes as Hugging
// Face's tokenizers do: each pre-token is segmented by itself, with scores in
// float64. A component that is not supported is an error that names it.
//
//   - normalizer: Precompiled, Replace, Strip, Prepend, Nmt, NFC, NFD, NFKC, NFKD,
//     Lowercase, StripAccents
//   - pre_tokenizer: WhitespaceSplit, Punctuation that is isolated, then Metaspace
//   - decoder: Metaspace, Replace, Strip, ByteFallback, Fuse
//
// Each may be in a Sequence. Regular expressions are those without operators
// other than repetition.
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	m, err := parseJSON(normalizer, preTokenizer, decoder, model)
	if err != nil {
		return nil, fmt.Errorf("unigram: %w", err)
	}
	return m, nil
}

func parseJSON(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	f := new(jsonFile)
	var err error
	if f.sections, err = component.NewSections(normalizer, preTokenizer, decoder); err != nil {
		return nil, err
	}
	if f.model, err = component.Compact(model); err != nil {
		return nil, err
	}
	if f.normalizers, err = component.Normalizers(normalizer, normalizerMakers); err != nil {
		return nil, err
	}
	if err := component.Each("pre_tokenizer", preTokenizer, f.addPreTokenizer); err != nil {
		return nil, err
	}
	if err := component.Each("decoder", decoder, f.addDecoder); err != nil {
		return nil, err
	}
	m := &Model{file: f}
	return m, m.parseSection(model)
}

// JSON returns the sections of the tokenizer.json that the model comes from,
// without insignificant spaces; "null" where one was absent. All are nil if
// the model is a sentencepiece one, whose form is that of [Model.Marshal].
func (m *Model) JSON() (normalizer, preTokenizer, decoder, model json.RawMessage) {
	if m.file == nil {
		return nil, nil, nil, nil
	}
	s := m.file.sections
	return s.Normalizer, s.PreTokenizer, s.Decoder, m.file.model
}

// IsSentencePiece reports whether the model is saved as a .model file of
// sentencepiece, not as a tokenizer.json.
func (m *Model) IsSentencePiece() bool { return m.file == nil }

// Normalize returns text, repaired by utf8text.Repair, as the normalizer section of
// a tokenizer.json changes it. It returns text as it is if the model is a
// sentencepiece one, whose normalization is not a step by itself.
func (m *Model) Normalize(text string) string {
	if m.file == nil {
		return text
	}
	return component.Normalize(m.file.normalizers, text)
}

// Normalized returns the same model without a normalizer, for text that
// [Model.Normalize] has changed already.
func (m *Model) Normalized() *Model {
	if m.file == nil {
		return m
	}
	n, f := *m, *m.file
	f.normalizers, n.file = nil, &f
	return &n
}

// parseSection reads the model section.
func (m *Model) parseSection(raw json.RawMessage) error {
	var section struct {
		Type         string               `json:"type"`
		UnkID        *int                 `json:"unk_id"`
		Vocab        [][2]json.RawMessage `json:"vocab"`
		ByteFallback bool                 `json:"byte_fallback"`
	}
	if component.IsNull(raw) {
		return errors.New("there is no model")
	}
	if err := strictjson.UnmarshalPart(raw, &section); err != nil {
		return fmt.Errorf("the model: %w", err)
	}
	switch {
	case section.Type != "" && section.Type != "Unigram":
		return component.Unsupported("the model type %s is not supported", section.Type)
	case len(section.Vocab) == 0:
		return errors.New("the vocabulary is empty")
	case section.UnkID == nil:
		return component.Unsupported("the model without an unk_id is not supported")
	case *section.UnkID < 0 || *section.UnkID >= len(section.Vocab):
		return fmt.Errorf("unk_id %d is not in the vocabulary of %d", *section.UnkID, len(section.Vocab))
	}
	m.unk, m.fallback, m.ids = int32(*section.UnkID), section.ByteFallback, make(map[string]int32, len(section.Vocab))
	lowest := math.Inf(1)
	for i, entry := range section.Vocab {
		p := piece{kind: normal}
		if err := strictjson.UnmarshalPart(entry[0], &p.text); err != nil {
			return fmt.Errorf("entry %d of the vocabulary: %w", i, err)
		}
		score, err := jsonFloat(entry[1])
		switch {
		case err != nil:
			return fmt.Errorf("the score of %q: %w", p.text, err)
		case strings.Contains(p.text, "\x00"):
			return component.Unsupported("entry %d (%q), which holds a NUL, is not supported", i, p.text)
		case len(p.text) >= maxPiece:
			return fmt.Errorf("entry %d has %d bytes, more than %d", i, len(p.text), maxPiece-1)
		case i == *section.UnkID:
			p.kind = unknown
		}
		p.score = float32(score)
		m.pieces = append(m.pieces, p)
		m.ids[p.text] = int32(i) // of several, the last counts
		m.exact = append(m.exact, score)
		lowest = min(lowest, score)
	}
	m.exactUnk = lowest - unkPenalty
	for b := range m.bytes {
		m.bytes[b] = -1
		if id, ok := m.ids[byteName(b)]; ok {
			m.bytes[b] = id
		}
	}
	var err error
	m.trie, err = newTrie(m.ids, func(int32) bool { return true })
	return err
}

func (f *jsonFile) addPreTokenizer(c component.Component) error {
	switch {
	case c.Type != "WhitespaceSplit" && c.Type != "Punctuation" && c.Type != "Metaspace":
		return component.Unsupported("%q is not supported", c.Type)
	case f.metaspace != nil || f.split && c.Type == "WhitespaceSplit":
		return component.Unsupported("%s after another is not supported", c.Type)
	case c.Type == "WhitespaceSplit":
		f.split = true
	case c.Type == "Punctuation":
		if b := component.Or(c.Behavior, "Isolated"); b != "Isolated" {
			return component.Unsupported("a Punctuation with the behavior %q is not supported", b)
		}
		f.punctuation = true
	default:
		var err error
		if f.metaspace, err = newMetaspace(c); err != nil {
			return err
		}
		if (f.split || f.punctuation) && f.metaspace.prefix == "first" {
			return component.Unsupported(`a Metaspace with prepend_scheme "first" after another is not supported`)
		}
	}
	return nil
}

func newMetaspace(c component.Component) (*metaspace, error) {
	m := &metaspace{symbol: c.Replacement, prefix: c.PrependScheme, split: component.Or(c.Split, true)}
	if m.prefix == "" {
		m.prefix = "always"
	}
	switch {
	case m.prefix != "never" && !component.Or(c.AddPrefixSpace, true):
		return nil, component.Unsupported(`a Metaspace with add_prefix_space false, but a prepend_scheme other than "never", is not supported`)
	case m.prefix != "always" && m.prefix != "first" && m.prefix != "never":
		return nil, component.Unsupported("a Metaspace with prepend_scheme %q is not supported", m.prefix)
	case utf8.RuneCountInString(m.symbol) != 1:
		return nil, component.Unsupported("a Metaspace with replacement %q, which is not one character, is not supported", m.symbol)
	}
	return m, nil
}
