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
	"github.com/landscape-aware/growing/data/filetype"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/settings"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// version is the only version of a tokenizer.json so far.
const version = "1.0"

// file is a tokenizer.json. The packages of the kinds read most of its sections.
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
// The packages of the three kinds list at their Parse which models and components
// of a tokenizer.json are supported. With these, everything that determines the ids
// of a single text is. Anything else is an error that names it, and that is
// [errors.ErrUnsupported] if the file is well-formed. Truncation and padding are not
// applied.
//
// Files with the names that transformers gives them (tokenizer.json, vocab.txt,
// spiece.model, tokenizer.model, and vocab.json with merges.txt) are read with the
// settings beside them, see [settings.Read]: lower case, accents, Chinese characters,
// the space before a text, added and special tokens, and the class of the tokenizer
// with its defaults. As in transformers, they count before a tokenizer.json's
// normalizer if the class is BERT's, and a tokenizer.json counts before a vocab.txt.
// What cannot be done is an error that names it.
func Load(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tokenizer: there is no file %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: reading: %w", err)
	}
	ext := filepath.Ext(path)
	parse, ok := parsers[ext]
	if !ok {
		return nil, fmt.Errorf("tokenizer: %s: the extension %q is not that of a tokenizer: give a tokenizer.json, a vocab.txt or a .model", path, ext)
	}
	var t *Tokenizer
	if beside[filepath.Base(path)] {
		var p parts
		if p, err = parseBeside(path, data); err == nil {
			t, err = p.tokenizer()
		}
	} else {
		t, err = parse(data)
	}
	// A pointer can be read as a vocab.txt of three tokens.
	if other := filetype.Of(data); other == filetype.Pointer || err != nil && other.Err() != nil {
		err = other.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// parsers read tokenizers from the contents of files with an extension.
var parsers = map[string]func(data []byte) (*Tokenizer, error){
	".json": func(data []byte) (*Tokenizer, error) {
		p, err := parseFile(data, &settings.Settings{})
		if err != nil {
			return nil, err
		}
		return p.tokenizer()
	},
	".txt": func(data []byte) (*Tokenizer, error) {
		m, err := wordpiece.ParseVocabulary(string(data))
		if err != nil {
			return nil, err
		}
		return fromModel(WordPiece, m)
	},
	".model": func(data []byte) (*Tokenizer, error) {
		m, err := unigram.ParseModel(data)
		if err != nil {
			return nil, err
		}
		return fromModel(Unigram, m)
	},
}

// parseFile reads the contents of a tokenizer.json with the settings beside it.
func parseFile(data []byte, s *settings.Settings) (parts, error) {
	var f file
	if err := strictjson.Unmarshal(data, &f); err != nil {
		return parts{}, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if f.Version != nil && *f.Version != version {
		return parts{}, component.Unsupported("a tokenizer.json of version %q: only %q is supported", *f.Version, version)
	}
	if err := f.setPrefixSpace(s); err != nil {
		return parts{}, err
	}
	return f.parts()
}

// parts reads the sections.
func (f *file) parts() (parts, error) {
	kind, m, err := parseModel(f)
	if err != nil {
		return parts{}, err
	}
	post, err := parseTemplate(f.PostProcessor)
	return parts{kind: kind, model: m, added: f.AddedTokens, post: post}, err
}

// Parse reads a tokenizer from the contents of a tokenizer.json. See [Load] for
// what is supported; truncation and padding are not applied.
func Parse(data []byte) (*Tokenizer, error) { return parseAs(".json", data) }

// ParseVocabulary reads a WordPiece tokenizer from the contents of a vocab.txt:
// a token a line, its id the number of the line from 0. [PAD], [UNK], [CLS],
// [SEP] and [MASK] are special if they are there. [wordpiece.ParseVocabulary] says
// when text is lowercased.
func ParseVocabulary(data []byte) (*Tokenizer, error) { return parseAs(".txt", data) }

// ParseSentencePiece reads a unigram tokenizer from the contents of a .model of
// SentencePiece. Its control pieces and its unknown piece are special. "</s>", if
// there, ends a text that is encoded with special tokens, as in T5.
func ParseSentencePiece(data []byte) (*Tokenizer, error) { return parseAs(".model", data) }

func parseAs(ext string, data []byte) (*Tokenizer, error) {
	t, err := parsers[ext](data)
	if err != nil {
		return nil, wrap(err)
	}
	return t, nil
}

// FileName returns the name of the tokenizer's file: tokenizer.json, or
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
	var b bytes.Buffer
	b.WriteString("{\n  \"version\": \"" + version + "\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [")
	for i, a := range t.added {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    %s", component.Marshal(a))
	}
	b.WriteString("\n  ]")
	normalizer, preTokenizer, decoder, model := t.model.JSON()
	for _, s := range []struct {
		name string
		raw  json.RawMessage
	}{{"normalizer", normalizer}, {"pre_tokenizer", preTokenizer}, {"post_processor", t.post.raw}, {"decoder", decoder}, {"model", model}} {
		fmt.Fprintf(&b, ",\n  %q: %s", s.name, component.Marshal(s.raw))
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// Files returns the contents of the tokenizer's files by name: of that named by
// [Tokenizer.FileName] and, if special tokens have their meaning from settings and
// not by their names, of a tokenizer_config.json.
func (t *Tokenizer) Files() map[string][]byte {
	files := map[string][]byte{t.FileName(): t.contents()}
	if text := t.ownSettings(); text != nil {
		files[settings.ConfigFile] = text
	}
	return files
}

// SaveTo writes the tokenizer's files, see [Tokenizer.Files], to a directory. Each
// appears, or is replaced, when it is complete and on disk; the tokenizer's own is the
// last. A tokenizer_config.json that SaveTo has written for another tokenizer is replaced
// or removed; then the old tokenizer is gone before the new one appears. One of another
// program is an error, since the tokenizer would be read with its settings.
func (t *Tokenizer) SaveTo(dir string) error {
	if err := t.saveSettings(dir); err != nil {
		return wrap(err)
	}
	return wrap(atomicfile.WriteBytes(filepath.Join(dir, t.FileName()), t.contents()))
}
