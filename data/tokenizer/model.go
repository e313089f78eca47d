package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// model is what the packages of the three kinds have in common.
type model interface {
	Size() int
	Token(id int32) string
	ID(token string) (int32, bool)
	Normalize(text string) string
	Decode(tokens []string) string
}

// jsonModel is a model whose home is a tokenizer.json.
type jsonModel interface {
	model
	JSON() (normalizer, preTokenizer, decoder, model json.RawMessage)
}

// encodeFunc appends the ids of a text without added tokens; first tells whether
// the text begins there.
type encodeFunc func(dst []int32, text string, first bool) []int32

// encoderOf returns what makes encoders for a model, of text that its Normalize
// has changed if normalized is set.
func encoderOf(m model, normalized bool) func() encodeFunc {
	switch m := m.(type) {
	case *wordpiece.Model:
		if normalized {
			m = m.Normalized()
		}
		return func() encodeFunc {
			e := m.NewEncoder()
			return func(dst []int32, text string, _ bool) []int32 { return e.Encode(dst, text) }
		}
	case *bpe.Model:
		if normalized {
			m = m.Normalized()
		}
		return func() encodeFunc {
			e := m.NewEncoder()
			return func(dst []int32, text string, _ bool) []int32 { return e.Encode(dst, text) }
		}
	case *unigram.Model:
		if normalized {
			m = m.Normalized()
		}
		return func() encodeFunc {
			e := m.NewEncoder()
			return func(dst []int32, text string, first bool) []int32 {
				if !first {
					return e.EncodeRest(dst, text)
				}
				return e.Encode(dst, text)
			}
		}
	}
	panic(fmt.Sprintf("tokenizer: no encoder for a %T", m))
}

var bertSpecials = []string{Pad, Unk, Cls, Sep, Mask}

// isSpecialOf tells whether a model's own token is special though no file says so.
func isSpecialOf(m model, id int32) bool {
	switch m := m.(type) {
	case *wordpiece.Model: // vocab.txt lists BERT's special tokens like others
		return slices.Contains(bertSpecials, m.Token(id))
	case *unigram.Model:
		return m.IsControl(id) || id == m.Unknown()
	}
	return false
}

// parseModel makes a model of the sections of a tokenizer.json.
func parseModel(f *file) (Kind, model, error) {
	var head struct {
		Type   string          `json:"type"`
		Vocab  json.RawMessage `json:"vocab"`
		Merges json.RawMessage `json:"merges"`
	}
	if len(f.Model) > 0 {
		if err := json.Unmarshal(f.Model, &head); err != nil {
			return "", nil, fmt.Errorf("not a tokenizer.json: the model section: %w", err)
		}
	}
	if len(head.Vocab) == 0 {
		return "", nil, errors.New(`not a tokenizer.json: there is no "model" with a "vocab"`)
	}
	if head.Type == "" { // as in files of long ago
		switch {
		case len(head.Merges) > 0:
			head.Type = "BPE"
		case head.Vocab[0] == '[':
			head.Type = "Unigram"
		default:
			head.Type = "WordPiece"
		}
	}
	switch head.Type {
	case "WordPiece":
		m, err := wordpiece.Parse(f.Normalizer, f.PreTokenizer, f.Decoder, f.Model)
		return WordPiece, m, err
	case "BPE":
		m, err := bpe.Parse(f.Normalizer, f.PreTokenizer, f.Decoder, f.Model)
		return BPE, m, err
	case "Unigram":
		m, err := unigram.Parse(f.Normalizer, f.PreTokenizer, f.Decoder, f.Model)
		return Unigram, m, err
	}
	return "", nil, fmt.Errorf("the model is of type %q; WordPiece, BPE and Unigram are supported", head.Type)
}
