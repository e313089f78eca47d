package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLoadTokenizer loads a tokenizer from the directory of a model, with its settings.
func TestLoadTokenizer(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngröße\ngrosse\n", "tokenizer_config.json": `{"do_lower_case": true, "strip_accents": false}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "vocab.txt")} {
		tok, err := loadTokenizer(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.EncodeSpecial(nil, "Größe"); !slices.Equal(got, []int32{2, 5, 3}) {
			t.Errorf("%s: %v", path, got)
		}
	}
	if _, err := loadTokenizer(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no file of a tokenizer") {
		t.Errorf("an empty directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(`{"tokenizer_class": "BertJapaneseTokenizer"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := loadTokenizer(dir); err == nil || !strings.Contains(err.Error(), "BertJapaneseTokenizer") {
		t.Errorf("a Japanese BERT: %v", err)
	}
}
