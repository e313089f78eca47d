package hf

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/model"
)

// fastClass is the class that reads a whole tokenizer.json, by its name in transformers
// 4. Transformers 5 knows this name too; transformers 4 does not know that of
// transformers 5.
const (
	fastClass  = "PreTrainedTokenizerFast"
	fastClass5 = "TokenizersBackend"
)

// saveTokenizer copies the tokenizer's files. Where it has no settings for
// transformers, as in our models, it writes them: transformers cannot infer the
// class from tokenizer.json, would add T5's 100 sentinels to those that our
// vocabularies have, and lowercases the text of every vocab.txt.
func (m *Model) saveTokenizer(dir string, kind model.TokenizerKind) error {
	var renamed map[string]string
	if kind.SentencePiece != "" {
		renamed = map[string]string{ourSentencePiece: kind.SentencePiece}
	}
	written, err := copyFiles(dir, m.Files, renamed)
	if err != nil {
		return err
	}
	if written[tokenizerConfig] {
		return completeSettings(filepath.Join(dir, tokenizerConfig), kind)
	}
	t, path, err := LoadTokenizer(m.Files)
	if err != nil {
		return nil // setSpecialTokens has said so; the files are copied as they are
	}
	var settings map[string]any
	switch name := filepath.Base(path); {
	case t == nil:
		return nil
	case name == "tokenizer.json":
		settings = m.fastSettings(t, kind)
	case name == ourSentencePiece:
		if settings, err = m.pieceSettings(dir, t, kind); err != nil {
			return err
		}
	case name == "vocab.txt":
		settings = m.vocabularySettings(t, kind, "BertTokenizer")
	case name == "vocab.json":
		settings = m.vocabularySettings(t, kind, "GPT2Tokenizer")
	default:
		return nil
	}
	return writeSettings(filepath.Join(dir, tokenizerConfig), settings)
}

func writeSettings(path string, settings any) error {
	text, err := encode(settings)
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, text)
}

// fastSettings returns the settings for a tokenizer.json.
func (m *Model) fastSettings(t *tokenizer.Tokenizer, kind model.TokenizerKind) map[string]any {
	settings := m.vocabularySettings(t, kind, fastClass)
	for _, name := range []string{"do_lower_case", "strip_accents", "tokenize_chinese_chars"} {
		delete(settings, name) // these are in the file
	}
	return settings
}

// vocabularySettings returns the settings for a class, with those that the file of a
// vocabulary does not hold.
func (m *Model) vocabularySettings(t *tokenizer.Tokenizer, kind model.TokenizerKind, class string) map[string]any {
	settings := map[string]any{"tokenizer_class": class, "clean_up_tokenization_spaces": false}
	if kind.Inputs != nil {
		settings["model_input_names"] = kind.Inputs
	}
	if length := m.Config.MaxLength(); length > 0 {
		settings["model_max_length"] = length
	}
	special := t.Special()
	tokens := map[string]int32{"pad_token": special.Pad, "unk_token": special.Unk, "mask_token": special.Mask}
	all := map[string]int32{"cls_token": special.Cls, "sep_token": special.Sep, "eos_token": special.EOS}
	for _, name := range kind.Special {
		tokens[name] = all[name]
	}
	for name, id := range tokens {
		if id >= 0 {
			settings[name] = t.Token(id)
		}
	}
	if n, ok := t.Normalization(); ok {
		settings["do_lower_case"], settings["strip_accents"], settings["tokenize_chinese_chars"] = n.Lowercase, n.StripAccents, n.ChineseChars
	}
	if t.PrefixSpace() { // transformers 4 defaults to false, whatever the file says
		settings["add_prefix_space"] = true
	}
	return settings
}

// pieceSettings returns the settings for a SentencePiece model of ours. Where no class
// of transformers gives its ids, it writes a tokenizer.json, which transformers reads
// instead.
func (m *Model) pieceSettings(dir string, t *tokenizer.Tokenizer, kind model.TokenizerKind) (map[string]any, error) {
	if kind.SentencePiece == "" || t.FallsBackToBytes() {
		fast, err := t.HuggingFace()
		if err == nil {
			err = fast.SaveTo(dir)
		}
		if err != nil {
			return nil, err
		}
		return m.fastSettings(fast, kind), nil
	}
	var special []string
	for _, id := range t.Specials() {
		if token := t.Token(id); id != t.Special().Pad && id != t.Special().EOS && id != t.Special().Unk {
			special = append(special, token)
		}
	}
	return map[string]any{"tokenizer_class": kind.SentencePieceClass, "extra_ids": 0, "legacy": false, "additional_special_tokens": special}, nil
}

// completeSettings changes the settings of another program where transformers 4 and 5
// would read them differently, or would give the model inputs that it does not take.
func completeSettings(path string, kind model.TokenizerKind) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var settings map[string]json.RawMessage
	if json.Unmarshal(text, &settings) != nil {
		return nil // what cannot be read is copied as it is
	}
	changed := false
	set := func(name string, value any) error {
		raw, err := json.Marshal(value)
		settings[name], changed = raw, true
		return err
	}
	var class string
	if json.Unmarshal(settings["tokenizer_class"], &class) == nil && (class == fastClass || class == fastClass5) {
		if class == fastClass5 {
			err = set("tokenizer_class", fastClass)
		}
		if settings["model_input_names"] == nil && kind.Inputs != nil && err == nil {
			err = set("model_input_names", kind.Inputs)
		}
	}
	// Transformers 4 wants an object here, and has another name for a list.
	if extra := bytes.TrimSpace(settings["extra_special_tokens"]); len(extra) > 0 && extra[0] == '[' && settings["additional_special_tokens"] == nil {
		settings["additional_special_tokens"], changed = extra, true
		delete(settings, "extra_special_tokens")
	}
	if err != nil || !changed {
		return err
	}
	return writeSettings(path, settings)
}
