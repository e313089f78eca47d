package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// version is the only version of a tokenizer.json that there has been.
const version = "1.0"

// file is a tokenizer.json. What belongs to the model is left to its package.
type file struct {
	Version       *string         `json:"version"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// Load reads a tokenizer from a file: a tokenizer.json of Hugging Face's
// tokenizers, a .model of SentencePiece, or a vocab.txt of BERT, known by the
// extensions .json, .model and .txt.
//
// Of a tokenizer.json all is supported that determines the ids of a single text
// with the models and components that the packages of the three kinds list at
// their Parse; anything else is an error that names it. Its truncation and
// padding are not applied.
func Load(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tokenizer: there is no file %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: reading: %w", err)
	}
	var t *Tokenizer
	switch ext := filepath.Ext(path); ext {
	case ".json":
		t, err = parse(data)
	case ".txt":
		t, err = parseVocabulary(data)
	case ".model":
		t, err = parseSentencePiece(data)
	default:
		return nil, fmt.Errorf("tokenizer: %s: a file with extension %q is no tokenizer that is known here: give a tokenizer.json, a vocab.txt or a .model", path, ext)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// Parse reads a tokenizer from the contents of a tokenizer.json. See [Load] for
// what is supported; truncation and padding are not applied.
func Parse(data []byte) (*Tokenizer, error) {
	t, err := parse(data)
	return t, wrap(err)
}

func parse(data []byte) (*Tokenizer, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if f.Version != nil && *f.Version != version {
		return nil, fmt.Errorf("a tokenizer.json of version %q: only %q is supported", *f.Version, version)
	}
	kind, m, err := parseModel(&f)
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(kind, m, f.AddedTokens, template{})
	if err != nil {
		return nil, err
	}
	if t.post, err = parseTemplate(f.PostProcessor, t.size); err != nil {
		return nil, err
	}
	return t, nil
}

// ParseVocabulary reads a WordPiece tokenizer from the contents of a vocab.txt:
// a token a line, its id the number of the line from 0. [PAD], [UNK], [CLS],
// [SEP] and [MASK] are special where they are there. See
// [wordpiece.ParseVocabulary] for how it is told whether text is lowercased.
func ParseVocabulary(data []byte) (*Tokenizer, error) {
	t, err := parseVocabulary(data)
	return t, wrap(err)
}

func parseVocabulary(data []byte) (*Tokenizer, error) {
	m, err := wordpiece.ParseVocabulary(string(data))
	if err != nil {
		return nil, err
	}
	return newTokenizer(WordPiece, m, addedFor(m, bertSpecials), bertTemplate(m))
}

// ParseSentencePiece reads a unigram tokenizer from the contents of a .model of
// SentencePiece. Its control pieces and its unknown piece are special; "</s>",
// if there, is what ends a text that is encoded with special tokens, as in T5.
func ParseSentencePiece(data []byte) (*Tokenizer, error) {
	t, err := parseSentencePiece(data)
	return t, wrap(err)
}

func parseSentencePiece(data []byte) (*Tokenizer, error) {
	m, err := unigram.ParseModel(data)
	if err != nil {
		return nil, err
	}
	return newTokenizer(Unigram, m, nil, endTemplate(m))
}

// addedFor returns added tokens for those of the names that m has.
func addedFor(m model, names []string) []addedToken {
	var added []addedToken
	for _, name := range names {
		if id, ok := m.ID(name); ok {
			added = append(added, addedToken{ID: id, Content: name, Special: true})
		}
	}
	return added
}

// bertTemplate puts [CLS] and [SEP] around a text if m has both.
func bertTemplate(m model) template {
	_, cls := m.ID(Cls)
	_, sep := m.ID(Sep)
	if !cls || !sep {
		return template{}
	}
	return newTemplate(m, Cls, Sep)
}

// endTemplate puts </s> after a text if m has it.
func endTemplate(m model) template {
	if _, ok := m.ID(endOfText); !ok {
		return template{}
	}
	return newTemplate(m, "", endOfText)
}

// FileName returns the name that the tokenizer's file goes by: tokenizer.json, or
// tokenizer.model if it is SentencePiece's.
func (t *Tokenizer) FileName() string {
	if t.sentencePiece != nil {
		return "tokenizer.model"
	}
	return "tokenizer.json"
}

// contents returns the contents of the tokenizer's file. The same tokenizer gives
// the same bytes.
func (t *Tokenizer) contents() []byte {
	if t.sentencePiece != nil {
		return t.sentencePiece.Marshal()
	}
	m := t.model.(jsonModel)
	var b bytes.Buffer
	b.WriteString("{\n  \"version\": \"" + version + "\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [")
	for i, a := range t.added {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		b.Write(compact(a))
	}
	b.WriteString("\n  ]")
	normalizer, preTokenizer, decoder, model := m.JSON()
	for _, s := range []struct {
		name string
		raw  json.RawMessage
	}{{"normalizer", normalizer}, {"pre_tokenizer", preTokenizer}, {"post_processor", t.post.raw}, {"decoder", decoder}, {"model", model}} {
		raw := s.raw
		if len(raw) == 0 {
			raw = []byte("null")
		}
		fmt.Fprintf(&b, ",\n  %q: ", s.name)
		b.Write(compact(raw))
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// compact returns v as JSON on one line, without the escapes that are meant for
// HTML.
func compact(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings, numbers, and sections that were parsed before
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// SaveTo writes the tokenizer to its file in a directory; see
// [Tokenizer.FileName]. The file is replaced at once when it is complete and on
// disk.
func (t *Tokenizer) SaveTo(dir string) error {
	return wrap(atomicfile.WriteBytes(filepath.Join(dir, t.FileName()), t.contents()))
}
