package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/component"
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

	// JSON returns the sections of a tokenizer.json, nil if the model is saved as a
	// .model.
	JSON() (normalizer, preTokenizer, decoder, model json.RawMessage)
}

// encodeFunc appends the ids of a text without added tokens; first is set if
// nothing comes before the text.
type encodeFunc func(dst []int32, text string, first bool) []int32

// encoderOf returns what makes encoders for a model, of text that its Normalize
// has changed if normalized is set.
func encoderOf(m model, normalized bool) func() encodeFunc {
	switch m := m.(type) {
	case *wordpiece.Model:
		return makeEncoder(m, normalized)
	case *bpe.Model:
		return makeEncoder(m, normalized)
	case *unigram.Model:
		return makeEncoder(m, normalized)
	}
	panic(fmt.Sprintf("tokenizer: no encoder for a %T", m))
}

// makeEncoder is encoderOf for a model of type M, whose encoders are of type E.
func makeEncoder[M interface {
	Normalized() M
	NewEncoder() E
}, E interface {
	Encode(dst []int32, text string) []int32
}](m M, normalized bool) func() encodeFunc {
	if normalized {
		m = m.Normalized()
	}
	return func() encodeFunc {
		e := m.NewEncoder()
		encodeRest := e.Encode
		if u, ok := any(e).(*unigram.Encoder); ok {
			encodeRest = u.EncodeRest
		}
		return func(dst []int32, text string, first bool) []int32 {
			if !first {
				return encodeRest(dst, text)
			}
			return e.Encode(dst, text)
		}
	}
}

// specialNames are the special tokens of vocabularies that are made here or read
// from a vocab.txt.
var specialNames = map[Kind][]string{
	WordPiece: {Pad, Unk, Cls, Sep, Mask},
	BPE:       {"<pad>", endOfText, "<s>", "<mask>"},
	Unigram:   {"<pad>", endOfText, "<unk>", "<s>", "<mask>"},
}

const endOfText = "</s>"

// isSpecialOf reports whether a model's own token is special though no file says so.
func isSpecialOf(m model, id int32) bool {
	switch m := m.(type) {
	case *wordpiece.Model: // vocab.txt lists BERT's special tokens like others
		return slices.Contains(specialNames[WordPiece], m.Token(id))
	case *unigram.Model:
		return m.IsControl(id) || id == m.Unknown()
	}
	return false
}

// fromModel returns the tokenizer of a model that no tokenizer.json describes: with
// the special tokens of its kind that the model has, and those that are put around a
// text: [CLS] and [SEP] or, of the other kinds, </s> after it. A .model has its
// special tokens within.
func fromModel(kind Kind, m model) (*Tokenizer, error) { return partsOf(kind, m).tokenizer() }

// partsOf is fromModel without the last step.
func partsOf(kind Kind, m model) parts {
	p := parts{kind: kind, model: m}
	if kind != Unigram {
		for _, name := range specialNames[kind] {
			if id, ok := m.ID(name); ok {
				p.added = append(p.added, addedToken{ID: id, Content: name, Special: true})
			}
		}
	}
	around := [2]string{"", endOfText}
	if kind == WordPiece {
		around = [2]string{Cls, Sep}
	}
	var ids []int32
	for _, name := range around {
		if name == "" {
			continue
		}
		id, ok := m.ID(name)
		if !ok {
			return p
		}
		ids = append(ids, id)
	}
	p.post = newTemplate(around[0], around[1], ids)
	return p
}

// parseModel makes a model of the sections of a tokenizer.json.
func parseModel(f *file) (Kind, model, error) {
	var head struct {
		Type   string          `json:"type"`
		Vocab  json.RawMessage `json:"vocab"`
		Merges json.RawMessage `json:"merges"`
	}
	if len(f.Model) > 0 {
		if err := strictjson.UnmarshalPart(f.Model, &head); err != nil {
			return "", nil, fmt.Errorf("not a tokenizer.json: the model section: %w", err)
		}
	}
	if len(head.Vocab) == 0 {
		return "", nil, errors.New(`not a tokenizer.json: there is no "model" with a "vocab"`)
	}
	if head.Type == "" { // as in old files
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
	return "", nil, component.Unsupported("the model is of type %q; WordPiece, BPE and Unigram are supported", head.Type)
}
