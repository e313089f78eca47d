package bpe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxID bounds the table of tokens.
const maxID = 1 << 24

// Parse makes a model of the sections of a tokenizer.json, nil or null where a
// section is absent. What it does not know exactly is an error that names it.
//
//   - normalizer: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, or a Sequence of them
//   - pre_tokenizer: ByteLevel, also in a Sequence with Split, Digits and Punctuation
//   - decoder: ByteLevel
//   - model: BPE with all 256 bytes in its vocabulary, without dropout
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	m, err := parseModel(model)
	if err != nil {
		return nil, err
	}
	if m.normalize, err = parseNormalizer(normalizer); err != nil {
		return nil, err
	}
	if m.cut, err = parsePreTokenizer(preTokenizer); err != nil {
		return nil, err
	}
	if m.joined, err = parseDecoder(decoder); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		to   *json.RawMessage
		from json.RawMessage
	}{
		{&m.sections.normalizer, normalizer},
		{&m.sections.preTokenizer, preTokenizer},
		{&m.sections.decoder, decoder},
	} {
		if *s.to, err = compact(s.from); err != nil {
			return nil, fmt.Errorf("bpe: %w", err)
		}
	}
	return m, nil
}

// compact returns a section without insignificant spaces, null if it is absent.
func compact(section json.RawMessage) (json.RawMessage, error) {
	if isNull(section) {
		return json.RawMessage("null"), nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, section)
	return b.Bytes(), err
}

func isNull(section json.RawMessage) bool {
	s := bytes.TrimSpace(section)
	return len(s) == 0 || string(s) == "null"
}

// parseDecoder returns whether tokens are joined as bytes.
func parseDecoder(section json.RawMessage) (bool, error) {
	if isNull(section) {
		return false, nil
	}
	var s struct{ Type string }
	if err := json.Unmarshal(section, &s); err != nil {
		return false, fmt.Errorf("bpe: decoder: %w", err)
	}
	if s.Type != "ByteLevel" {
		return false, fmt.Errorf("bpe: the decoder %q is not supported: ByteLevel is", s.Type)
	}
	return true, nil
}

// modelSection is the model section. Its fields are in the order in which
// Hugging Face's tokenizers write them.
type modelSection struct {
	Type *string `json:"type"`
	modelFlags
	Vocab  vocabulary `json:"vocab"`
	Merges mergeList  `json:"merges"`
}

func parseModel(section json.RawMessage) (*Model, error) {
	var s modelSection
	if isNull(section) {
		return nil, fmt.Errorf("bpe: there is no model")
	}
	if err := json.Unmarshal(section, &s); err != nil {
		return nil, fmt.Errorf("bpe: model: %w", err)
	}
	if s.Type != nil && *s.Type != "BPE" {
		return nil, fmt.Errorf("bpe: the model is %q, not BPE", *s.Type)
	}
	ids := make(map[string]int32, len(s.Vocab))
	for id, token := range s.Vocab {
		if token != "" {
			ids[token] = int32(id)
		}
	}
	merges := make([][2]int32, 0, len(s.Merges))
	for i, pair := range s.Merges {
		var both [2]int32
		for side, token := range pair {
			id, ok := ids[token]
			if !ok {
				return nil, fmt.Errorf("bpe: model: the vocabulary lacks %q, of merge %d", token, i)
			}
			both[side] = id
		}
		merges = append(merges, both)
	}
	return newModel(s.Vocab, merges, s.modelFlags)
}

// JSON returns the sections of a tokenizer.json, always the same bytes for the
// same model. [Parse] makes an equal model of them.
func (m *Model) JSON() (normalizer, preTokenizer, decoder, model json.RawMessage) {
	bpe := "BPE"
	s := modelSection{Type: &bpe, modelFlags: m.flags, Vocab: m.tokens, Merges: make(mergeList, 0, len(m.merges))}
	for _, pair := range m.merges {
		s.Merges = append(s.Merges, [2]string{m.tokens[pair[0]], m.tokens[pair[1]]})
	}
	return m.sections.normalizer, m.sections.preTokenizer, m.sections.decoder, mustMarshal(s)
}

// mustMarshal encodes what cannot fail to be encoded: structs of strings and numbers.
func mustMarshal(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// vocabulary is tokens by id, "" where there is none; in JSON, ids by token.
type vocabulary []string

// UnmarshalJSON implements [json.Unmarshaler].
func (v *vocabulary) UnmarshalJSON(data []byte) error {
	var ids map[string]int64
	if err := json.Unmarshal(data, &ids); err != nil {
		return err
	}
	size := int64(0)
	sorted := slices.Sorted(maps.Keys(ids)) // for the same error every time
	for _, token := range sorted {
		id := ids[token]
		if id < 0 || id >= maxID {
			return fmt.Errorf("the token %q has the id %d: ids are 0 to %d", token, id, maxID-1)
		}
		if token == "" {
			return fmt.Errorf("the token of id %d is empty", id)
		}
		size = max(size, id+1)
	}
	if size > 4*int64(len(ids))+1<<16 {
		return fmt.Errorf("there are only %d tokens, but the largest id is %d", len(ids), size-1)
	}
	tokens := make([]string, size)
	for _, token := range sorted {
		id := ids[token]
		if tokens[id] != "" {
			return fmt.Errorf("the tokens %q and %q have the same id %d", tokens[id], token, id)
		}
		tokens[id] = token
	}
	*v = tokens
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (v vocabulary) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for id, token := range v {
		if token == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, mustMarshal(token)...)
		b = fmt.Appendf(b, ":%d", id)
	}
	return append(b, '}'), nil
}

// mergeList is pairs of tokens, each in JSON ["a","b"] or, as formerly, "a b".
type mergeList [][2]string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *mergeList) UnmarshalJSON(data []byte) error {
	var pairs [][]string
	if err := json.Unmarshal(data, &pairs); err == nil {
		for i, pair := range pairs {
			if len(pair) != 2 {
				return fmt.Errorf("merge %d has %d tokens, not two", i, len(pair))
			}
			*l = append(*l, [2]string(pair))
		}
		return nil
	}
	var lines []string
	if err := json.Unmarshal(data, &lines); err != nil {
		return fmt.Errorf(`merges are neither all ["a","b"] nor all "a b": %w`, err)
	}
	for i, line := range lines {
		if strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || strings.Contains(right, " ") {
			return fmt.Errorf("merge %d is %q, not two tokens with a space between them", i, line)
		}
		*l = append(*l, [2]string{left, right})
	}
	return nil
}
