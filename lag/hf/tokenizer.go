package hf

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/model"
)

// tokenizerFiles are the files that are copied with a model: those of its
// tokenizer, and its settings of generation.
var tokenizerFiles = []string{
	"tokenizer.json", "vocab.txt", sentencePiece, ourSentencePiece, "tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json", "vocab.json", "merges.txt", generationFile,
}

const (
	tokenizerConfig = "tokenizer_config.json"
	generationFile  = "generation_config.json"

	sentencePiece    = "spiece.model"    // the name in T5's tokenizer
	ourSentencePiece = "tokenizer.model" // the name in package tokenizer
)

// vocabularies are those of tokenizerFiles that package tokenizer can read, the
// best first. vocab.json needs merges.txt beside it.
var vocabularies = []string{"tokenizer.json", sentencePiece, ourSentencePiece, "vocab.txt", "vocab.json"}

// TokenizerFiles returns the paths of the files in a directory that are of a
// tokenizer, and that of the settings of generation.
func TokenizerFiles(dir string) []string {
	var found []string
	for _, name := range tokenizerFiles {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			found = append(found, path)
		}
	}
	return found
}

// LoadTokenizer loads the tokenizer among the files of a model, and returns the
// path of its file. It returns nil if there is none. An error is
// [errors.ErrUnsupported] if the tokenizer is of a kind that is not supported.
func LoadTokenizer(files []string) (*tokenizer.Tokenizer, string, error) {
	for _, name := range vocabularies {
		if i := slices.IndexFunc(files, func(path string) bool { return filepath.Base(path) == name }); i >= 0 {
			t, err := tokenizer.Load(files[i])
			return t, files[i], err
		}
	}
	if i := slices.IndexFunc(files, func(path string) bool { return filepath.Base(path) == tokenizerConfig }); i >= 0 {
		return nil, "", tokenizer.CheckClass(filepath.Dir(files[i]))
	}
	return nil, "", nil
}

// CopyFiles copies the files of a tokenizer into a directory, under their names.
func CopyFiles(dir string, files []string) error {
	_, err := copyFiles(dir, files, nil)
	return err
}

// copyFiles copies files and returns their new names. Renamed maps old to new names.
func copyFiles(dir string, files []string, renamed map[string]string) (written map[string]bool, err error) {
	written = make(map[string]bool)
	for _, path := range files {
		name := filepath.Base(path)
		if other := renamed[name]; other != "" {
			name = other
		}
		if written[name] {
			return nil, fmt.Errorf("two files of the tokenizer are named %s; keep one", name)
		}
		written[name] = true
		if err := copyFile(filepath.Join(dir, name), path); err != nil {
			return nil, fmt.Errorf("the tokenizer's file %s: %w", path, err)
		}
	}
	return written, nil
}

// setSpecialTokens sets missing ids of special tokens in a config.json to
// the tokenizer's ids, or without a tokenizer to those of the published models.
func (m *Model) setSpecialTokens(fields map[string]json.RawMessage, kind model.TokenizerKind) {
	pad, eos := int32(0), int32(1) // of BERT's and T5's vocabularies
	t, _, err := LoadTokenizer(m.Files)
	switch {
	case err != nil:
		log.Warn("the tokenizer cannot be read; its files are copied as they are, and special tokens that config.json does not name get the ids of the published models", "error", err)
	case t == nil && fields["pad_token_id"] == nil:
		log.Warn("the model has no tokenizer; its special tokens get the ids of the published models")
	case t != nil && (t.Special().Pad < 0 || kind.Generates && t.Special().EOS < 0):
		log.Warn("the tokenizer has no padding token or no end token; special tokens get the ids of the published models")
	case t != nil:
		pad, eos = t.Special().Pad, t.Special().EOS
	}
	set := func(name string, id []byte) {
		if raw := fields[name]; raw == nil || string(raw) == "null" {
			fields[name] = id
		}
	}
	set("pad_token_id", fmt.Append(nil, pad))
	if kind.Generates {
		set("eos_token_id", fmt.Append(nil, eos))
		set("decoder_start_token_id", fields["pad_token_id"]) // as in T5, and in data/objective
	}
}
