package hf

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/bert"
)

// tokenizerFiles are the files of a model that are copied along: those of its
// tokenizer, and its settings of generation.
var tokenizerFiles = []string{
	"tokenizer.json", "vocab.txt", sentencePiece, "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json", "vocab.json", "merges.txt", "generation_config.json",
}

const (
	tokenizerConfig = "tokenizer_config.json"
	sentencePiece   = "spiece.model" // as T5's tokenizer calls its file
)

// vocabularies are those of tokenizerFiles that package tokenizer reads, the
// best first.
var vocabularies = []string{"tokenizer.json", sentencePiece, "tokenizer.model", "vocab.txt"}

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
// path of its file; nil if there is none of a kind that is known.
func LoadTokenizer(files []string) (*tokenizer.Tokenizer, string, error) {
	for _, name := range vocabularies {
		if i := slices.IndexFunc(files, func(path string) bool { return filepath.Base(path) == name }); i >= 0 {
			t, err := tokenizer.Load(files[i])
			return t, files[i], err
		}
	}
	return nil, "", nil
}

// CopyFiles copies the files of a tokenizer into a directory, under their names.
func CopyFiles(dir string, files []string) error {
	_, err := copyFiles(dir, files, nil)
	return err
}

// copyFiles returns the names that it wrote; some have another name there.
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

// saveTokenizer copies the tokenizer's files. transformers cannot tell which
// class a tokenizer.json alone is of, and is told.
func (m *Model) saveTokenizer(dir string) error {
	renamed := map[string]string{"tokenizer.model": sentencePiece}
	_, isBERT := m.Config.(bert.Config)
	if isBERT {
		renamed = nil
	}
	written, err := copyFiles(dir, m.Files, renamed)
	if err != nil {
		return err
	}
	if !written["tokenizer.json"] || written[tokenizerConfig] {
		return nil
	}
	t, _, err := LoadTokenizer(m.Files)
	if err != nil {
		return err
	}
	settings := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false}
	if c, ok := m.Config.(bert.Config); ok {
		settings["model_max_length"] = c.MaxPositions
	}
	special := t.Special()
	for name, id := range map[string]int32{"pad_token": special.Pad, "unk_token": special.Unk, "mask_token": special.Mask} {
		if id >= 0 {
			settings[name] = t.Token(id)
		}
	}
	if isBERT {
		for name, id := range map[string]int32{"cls_token": special.Cls, "sep_token": special.Sep} {
			if id >= 0 {
				settings[name] = t.Token(id)
			}
		}
	} else if special.EOS >= 0 {
		settings["eos_token"] = t.Token(special.EOS)
	}
	text, err := encode(settings)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, tokenizerConfig), text, 0o666)
}

// setSpecialTokens sets the ids of special tokens in a config.json where it has
// none: the tokenizer's, or else those of the published models.
func (m *Model) setSpecialTokens(fields map[string]json.RawMessage) error {
	_, isBERT := m.Config.(bert.Config)
	pad, eos := int32(0), int32(1) // of BERT's and T5's vocabularies
	t, _, err := LoadTokenizer(m.Files)
	if err != nil {
		return err
	}
	switch {
	case t == nil && fields["pad_token_id"] == nil:
		log.Warn("the model has no tokenizer; its special tokens are taken to be those of the published models", "pad", pad, "eos", eos)
	case t != nil && (t.Special().Pad < 0 || !isBERT && t.Special().EOS < 0):
		log.Warn("the tokenizer has no token for padding, or none that ends a text; the published models' are taken", "pad", pad, "eos", eos)
	case t != nil:
		pad, eos = t.Special().Pad, t.Special().EOS
	}
	ids := map[string]int32{"pad_token_id": pad}
	if !isBERT {
		ids["eos_token_id"] = eos
		ids["decoder_start_token_id"] = pad // as in T5, and in data/objective
	}
	for name, id := range ids {
		if raw := fields[name]; raw == nil || string(raw) == "null" {
			fields[name] = fmt.Append(nil, id)
		}
	}
	return nil
}
