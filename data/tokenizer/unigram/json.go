package unigram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// jsonFile is what a tokenizer.json says beside the vocabulary, and the
// sections as they were read.
type jsonFile struct {
	normalizers []func(text string) string
	split       bool // at whitespace, which is removed
	punctuation bool // each character of it is by itself
	metaspace   *metaspace
	decoders    []tokenStep // nil: tokens are joined by spaces
	scores      []float64
	unkScore    float64

	normalizer, preTokenizer, decoder, model json.RawMessage
}

// tokenStep is a decoder of a tokenizer.json.
type tokenStep interface {
	apply(tokens []string) []string
}

// metaspace is the pre-tokenizer that replaces spaces by a symbol and splits
// before each.
type metaspace struct {
	symbol string
	prefix string // "always", "first", "never"
	split  bool
}

// unsupported explains that a part of a tokenizer.json is not handled.
func unsupported(section, what string) error {
	return fmt.Errorf("unigram: the %s %s is not supported", section, what)
}

// component is any object of the normalizer, pre_tokenizer and decoder
// sections.
type component struct {
	Type          string            `json:"type"`
	Normalizers   []json.RawMessage `json:"normalizers"`
	PreTokenizers []json.RawMessage `json:"pretokenizers"`
	Decoders      []json.RawMessage `json:"decoders"`

	Charsmap   string `json:"precompiled_charsmap"`
	StripLeft  *bool  `json:"strip_left"`
	StripRight *bool  `json:"strip_right"`
	Prepend    string `json:"prepend"`
	Content    string `json:"content"`
	Start      int    `json:"start"`
	Stop       int    `json:"stop"`
	Pattern    struct {
		String *string
		Regex  *string
	} `json:"pattern"`

	Replacement    string `json:"replacement"`
	PrependScheme  string `json:"prepend_scheme"`
	AddPrefixSpace *bool  `json:"add_prefix_space"`
	Split          *bool  `json:"split"`

	Behavior *string `json:"behavior"`
}

// section reads a section, which may be absent, and calls visit for its
// components, those of sequences one by one.
func section(name string, raw json.RawMessage, visit func(c component) error) error {
	return components(name, raw, 0, visit)
}

func components(name string, raw json.RawMessage, depth int, visit func(c component) error) error {
	if isNull(raw) {
		return nil
	}
	if depth > 16 {
		return fmt.Errorf("unigram: the %s has sequences in sequences, too deep", name)
	}
	var c component
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("unigram: the %s: %w", name, err)
	}
	if c.Type != "Sequence" {
		return visit(c)
	}
	for _, part := range slices.Concat(c.Normalizers, c.PreTokenizers, c.Decoders) {
		if err := components(name, part, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// compact returns a section without insignificant spaces, null if it is absent.
func compact(raw json.RawMessage) (json.RawMessage, error) {
	if isNull(raw) {
		return json.RawMessage("null"), nil
	}
	var out bytes.Buffer
	err := json.Compact(&out, raw)
	return out.Bytes(), err
}

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// Parse makes a model of the sections of a tokenizer.json whose model is of
// type Unigram; sections that are absent are nil or "null". It encodes as
// Hugging Face's tokenizers do: each pre-token is segmented by itself, with
// scores in float64. A component that is not handled is an error that names it.
//
//   - normalizer: Precompiled, Replace, Strip, Prepend, Nmt, NFC, NFD, NFKC, NFKD,
//     Lowercase, StripAccents
//   - pre_tokenizer: WhitespaceSplit, Punctuation that is isolated, then Metaspace
//   - decoder: Metaspace, Replace, Strip, ByteFallback, Fuse
//
// Each may be in a Sequence. Regular expressions are those without operators
// but repetition.
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	f := &jsonFile{}
	for _, s := range []struct {
		to   *json.RawMessage
		from json.RawMessage
	}{{&f.normalizer, normalizer}, {&f.preTokenizer, preTokenizer}, {&f.decoder, decoder}, {&f.model, model}} {
		var err error
		if *s.to, err = compact(s.from); err != nil {
			return nil, fmt.Errorf("unigram: %w", err)
		}
	}
	if err := section("normalizer", normalizer, f.addNormalizer); err != nil {
		return nil, err
	}
	if err := section("pre_tokenizer", preTokenizer, f.addPreTokenizer); err != nil {
		return nil, err
	}
	if err := section("decoder", decoder, f.addDecoder); err != nil {
		return nil, err
	}
	return f.parseModel(model)
}

// JSON returns the sections of the tokenizer.json that the model comes from,
// without insignificant spaces; "null" where one was absent. All are nil if
// the model is a sentencepiece one, whose form is that of [Model.Marshal].
func (m *Model) JSON() (normalizer, preTokenizer, decoder, model json.RawMessage) {
	if m.file == nil {
		return nil, nil, nil, nil
	}
	f := m.file
	return slices.Clone(f.normalizer), slices.Clone(f.preTokenizer), slices.Clone(f.decoder), slices.Clone(f.model)
}

// IsSentencePiece tells whether the model's home is a .model file of
// sentencepiece, not a tokenizer.json.
func (m *Model) IsSentencePiece() bool { return m.file == nil }

// Normalize returns text as the normalizer section of a tokenizer.json changes it,
// mended by [utf8text.Repair] before. That of a .model is not a step by itself:
// text is returned as it is.
func (m *Model) Normalize(text string) string {
	if m.file == nil {
		return text
	}
	text = utf8text.Repair(text)
	for _, step := range m.file.normalizers {
		text = step(text)
	}
	return text
}

// Normalized returns the model for text that [Model.Normalize] has changed: it is
// the same, but does not change it again.
func (m *Model) Normalized() *Model {
	if m.file == nil {
		return m
	}
	n, f := *m, *m.file
	f.normalizers, n.file = nil, &f
	return &n
}

func (f *jsonFile) parseModel(raw json.RawMessage) (*Model, error) {
	var section struct {
		Type         string               `json:"type"`
		UnkID        *int                 `json:"unk_id"`
		Vocab        [][2]json.RawMessage `json:"vocab"`
		ByteFallback bool                 `json:"byte_fallback"`
	}
	if isNull(raw) {
		return nil, errors.New("unigram: there is no model")
	}
	if err := json.Unmarshal(raw, &section); err != nil {
		return nil, fmt.Errorf("unigram: the model: %w", err)
	}
	switch {
	case section.Type != "" && section.Type != "Unigram":
		return nil, unsupported("model type", section.Type)
	case len(section.Vocab) == 0:
		return nil, errors.New("unigram: the vocabulary is empty")
	case section.UnkID == nil:
		return nil, unsupported("model", "without an unk_id")
	case *section.UnkID < 0 || *section.UnkID >= len(section.Vocab):
		return nil, fmt.Errorf("unigram: unk_id %d is not in the vocabulary of %d", *section.UnkID, len(section.Vocab))
	}
	m := &Model{file: f, unk: int32(*section.UnkID), fallback: section.ByteFallback, ids: make(map[string]int32, len(section.Vocab))}
	lowest := math.Inf(1)
	for i, entry := range section.Vocab {
		var p piece
		if err := json.Unmarshal(entry[0], &p.text); err != nil {
			return nil, fmt.Errorf("unigram: entry %d of the vocabulary: %w", i, err)
		}
		score, err := jsonFloat(entry[1])
		if err != nil {
			return nil, fmt.Errorf("unigram: the score of %q: %w", p.text, err)
		}
		p.kind, p.score = normal, float32(score)
		if i == *section.UnkID {
			p.kind = unknown
		}
		m.pieces = append(m.pieces, p)
		m.ids[p.text] = int32(i) // of several, the last counts
		f.scores = append(f.scores, score)
		lowest = min(lowest, score)
	}
	f.unkScore = lowest - unkPenalty
	for b := range m.bytes {
		id, ok := m.ids[fmt.Sprintf("<0x%02X>", b)]
		if !ok {
			id = -1
		}
		m.bytes[b] = id
	}
	keys := slices.Sorted(maps.Keys(m.ids))
	keys = slices.DeleteFunc(keys, func(s string) bool { return s == "" }) // matches nothing
	values := make([]int32, len(keys))
	for i, key := range keys {
		if strings.IndexByte(key, 0) >= 0 {
			return nil, unsupported("vocabulary", fmt.Sprintf("entry %d (%q), which holds a NUL,", m.ids[key], key))
		}
		if len(key) >= maxPiece {
			return nil, fmt.Errorf("unigram: entry %d has %d bytes, more than %d", m.ids[key], len(key), maxPiece-1)
		}
		values[i] = m.ids[key]
	}
	var err error
	if m.trie, err = buildTrie(keys, values, false); err != nil {
		return nil, fmt.Errorf("unigram: %w", err)
	}
	return m, nil
}

func (f *jsonFile) addPreTokenizer(c component) error {
	switch c.Type {
	case "WhitespaceSplit":
		if f.metaspace != nil || f.split {
			return unsupported("pre_tokenizer", "WhitespaceSplit behind another")
		}
		f.split = true
		return nil
	case "Punctuation":
		switch {
		case f.metaspace != nil:
			return unsupported("pre_tokenizer", "Punctuation behind Metaspace")
		case c.Behavior != nil && *c.Behavior != "Isolated":
			return unsupported("pre_tokenizer", fmt.Sprintf("Punctuation with the behavior %q", *c.Behavior))
		}
		f.punctuation = true
		return nil
	case "Metaspace":
		if f.metaspace != nil {
			return unsupported("pre_tokenizer", "Metaspace behind another")
		}
		var err error
		if f.metaspace, err = newMetaspace("pre_tokenizer", c); err != nil {
			return err
		}
		if (f.split || f.punctuation) && f.metaspace.prefix == "first" {
			return unsupported("pre_tokenizer", `Metaspace with prepend_scheme "first" behind another`)
		}
		return nil
	}
	return unsupported("pre_tokenizer", c.Type)
}

func newMetaspace(section string, c component) (*metaspace, error) {
	m := &metaspace{symbol: c.Replacement, prefix: c.PrependScheme, split: c.Split == nil || *c.Split}
	if m.prefix == "" {
		m.prefix = "always"
	}
	if c.AddPrefixSpace != nil && !*c.AddPrefixSpace {
		if m.prefix != "never" {
			return nil, unsupported(section, `Metaspace with add_prefix_space false, but a prepend_scheme other than "never"`)
		}
	}
	if m.prefix != "always" && m.prefix != "first" && m.prefix != "never" {
		return nil, unsupported(section, fmt.Sprintf("Metaspace with prepend_scheme %q", m.prefix))
	}
	if utf8.RuneCountInString(m.symbol) != 1 {
		return nil, unsupported(section, fmt.Sprintf("Metaspace with replacement %q, which is not one character,", m.symbol))
	}
	return m, nil
}

func (f *jsonFile) addDecoder(c component) error {
	switch c.Type {
	case "Metaspace":
		m, err := newMetaspace("decoder", c)
		if err != nil {
			return err
		}
		f.decoders = append(f.decoders, metaspaceDecoder{m})
	case "Replace":
		step, err := newReplace("decoder", c)
		if err != nil {
			return err
		}
		f.decoders = append(f.decoders, eachToken(step.apply))
	case "Strip":
		if c.Start < 0 || c.Stop < 0 || utf8.RuneCountInString(c.Content) != 1 {
			return unsupported("decoder", "Strip with these numbers")
		}
		f.decoders = append(f.decoders, eachToken(func(s string) string { return trimSome(s, c.Content, c.Start, c.Stop) }))
	case "ByteFallback":
		f.decoders = append(f.decoders, byteDecoder{})
	case "Fuse":
		f.decoders = append(f.decoders, fuseDecoder{})
	default:
		return unsupported("decoder", c.Type)
	}
	return nil
}
