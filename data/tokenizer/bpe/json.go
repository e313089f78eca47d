package bpe

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
)

// Parse makes a model of the sections of a tokenizer.json. A section that is absent
// is nil or null. A part that is not supported is an error that names it.
//
//   - normalizer: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, or a Sequence of them
//   - pre_tokenizer: ByteLevel, also in a Sequence with Split, Digits and Punctuation
//   - decoder: ByteLevel
//   - model: BPE with all 256 bytes in its vocabulary, without dropout
func Parse(normalizer, preTokenizer, decoder, model json.RawMessage) (*Model, error) {
	m, err := parseModel(model)
	if err == nil {
		err = m.parseSections(normalizer, preTokenizer, decoder)
	}
	if err != nil {
		return nil, fmt.Errorf("bpe: %w", err)
	}
	return m, nil
}

// parseSections reads the sections other than the model.
func (m *Model) parseSections(normalizer, preTokenizer, decoder json.RawMessage) (err error) {
	if m.normalizers, err = component.Normalizers(normalizer, nil); err != nil {
		return err
	}
	if m.cut, err = parsePreTokenizer(preTokenizer); err != nil {
		return err
	}
	d, err := component.One("decoder", decoder)
	switch {
	case err != nil:
		return err
	case d != nil && d.Type != "ByteLevel":
		return component.Unsupported("the decoder %q is not supported: ByteLevel is", d.Type)
	}
	m.joined = d != nil
	m.sections, err = component.NewSections(normalizer, preTokenizer, decoder)
	return err
}

// modelSection is the model section. Its fields are in the order in which
// Hugging Face's tokenizers write them.
type modelSection struct {
	Type *string `json:"type"`
	modelFlags
	Vocab  json.RawMessage `json:"vocab"`
	Merges mergeList       `json:"merges"`
}

func parseModel(section json.RawMessage) (*Model, error) {
	var s modelSection
	if component.IsNull(section) {
		return nil, errors.New("there is no model")
	}
	if err := strictjson.UnmarshalPart(section, &s); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if s.Type != nil && *s.Type != "BPE" {
		return nil, fmt.Errorf("the model is %q, not BPE", *s.Type)
	}
	v, err := vocab.Parse(s.Vocab, true)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	merges := make([][2]int32, len(s.Merges))
	for i, pair := range s.Merges {
		for side, token := range pair {
			var ok bool
			if merges[i][side], ok = v.ID(token); !ok {
				return nil, fmt.Errorf("model: the vocabulary lacks %q, of merge %d", token, i)
			}
		}
	}
	return newModel(v, merges, s.modelFlags)
}

// JSON returns the sections of a tokenizer.json, always the same bytes for the
// same model. [Parse] makes an equal model of them.
func (m *Model) JSON() (normalizer, preTokenizer, decoder, model json.RawMessage) {
	bpe := "BPE"
	s := modelSection{Type: &bpe, modelFlags: m.flags, Vocab: m.Section(), Merges: make(mergeList, 0, len(m.merges))}
	for _, pair := range m.merges {
		s.Merges = append(s.Merges, [2]string{m.Token(pair[0]), m.Token(pair[1])})
	}
	return m.sections.Normalizer, m.sections.PreTokenizer, m.sections.Decoder, component.Marshal(s)
}

// mergeList is pairs of tokens. In JSON a pair is ["a","b"] or, in old files, "a b".
type mergeList [][2]string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *mergeList) UnmarshalJSON(data []byte) error {
	var pairs [][]string
	if err := strictjson.UnmarshalPart(data, &pairs); err != nil {
		var lines []string
		if err := strictjson.UnmarshalPart(data, &lines); err != nil {
			return fmt.Errorf(`merges are neither all ["a","b"] nor all "a b": %w`, err)
		}
		pairs = nil
		for _, line := range lines {
			if !strings.HasPrefix(line, "#version") {
				pairs = append(pairs, strings.Split(line, " "))
			}
		}
	}
	for i, pair := range pairs {
		if len(pair) != 2 {
			return fmt.Errorf("merge %d is %q, not two tokens", i, pair)
		}
		*l = append(*l, [2]string(pair))
	}
	return nil
}
