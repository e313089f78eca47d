package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func read(t *testing.T, files map[string]string) (*Settings, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return Read(dir)
}

// TestRead reads all files: a special_tokens_map.json counts before a
// tokenizer_config.json, and neither it nor an added_tokens.json does beside an
// added_tokens_decoder.
func TestRead(t *testing.T) {
	yes, no, five := true, false, 5
	pad := &Token{Content: "<p>", ID: -1, Special: true}
	for name, c := range map[string]struct {
		files map[string]string
		want  Settings
	}{
		"nothing":      {nil, Settings{}},
		"by the model": {map[string]string{"config.json": `{"model_type": "t5"}`}, Settings{Class: "T5Tokenizer", ClassFile: "config.json", Guessed: true}},
		"named by the model": {map[string]string{"hf_config.json": `{"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"}`},
			Settings{Class: "BertJapaneseTokenizer", ClassFile: "hf_config.json"}},
		"not a model": {map[string]string{"config.json": `{"model": 3`}, Settings{}},
		"settings": {map[string]string{"tokenizer_config.json": "\ufeff" + `{"tokenizer_class": "BertTokenizerFast", "do_lower_case": false, "strip_accents": null,
			"tokenize_chinese_chars": true, "add_prefix_space": false, "extra_ids": 5, "pad_token": "<p>", "mask_token": null, "add_bos_token": true,
			"additional_special_tokens": ["<e>", "<e>"], "image_token": "<i>", "model_max_length": 1e30}`},
			Settings{Present: true, Class: "BertTokenizer", ClassFile: ConfigFile, LowerCase: &no, ChineseChars: &yes, AddPrefixSpace: &no, ExtraIDs: &five, NamesExtra: true, Around: true,
				Roles: map[string]*Token{"pad_token": pad, "mask_token": nil},
				Extra: []Token{{Content: "<i>", ID: -1, Special: true}, {Content: "<e>", ID: -1, Special: true}}}},
		"map and ids": {map[string]string{"tokenizer_config.json": `{"pad_token": "<q>"}`, "special_tokens_map.json": `{"pad_token": {"content": "<p>", "normalized": false}}`,
			"added_tokens.json": `{"b": 8, "<p>": 7}`},
			Settings{Present: true, Roles: map[string]*Token{"pad_token": {Content: "<p>", ID: 7, Special: true}},
				Added: []Token{{Content: "<p>", ID: 7, Special: true}, {Content: "b", ID: 8, Normalized: true}}}},
		"decoder": {map[string]string{"tokenizer_config.json": `{"pad_token": "<p>", "added_tokens_decoder": {"9": {"content": "b", "lstrip": true}, "7": {"content": "<p>", "special": true}}}`,
			"special_tokens_map.json": `{"pad_token": "<q>"}`, "added_tokens.json": `{"c": 8}`},
			Settings{Present: true, Roles: map[string]*Token{"pad_token": {Content: "<p>", ID: 7, Special: true}},
				Added: []Token{{Content: "<p>", ID: 7, Special: true}, {Content: "b", ID: 9, LStrip: true, Normalized: true}}}},
		"any class": {map[string]string{"tokenizer_config.json": `{"tokenizer_class": "TokenizersBackend"}`}, Settings{Present: true, Class: Any, ClassFile: ConfigFile}},
	} {
		got, err := read(t, c.files)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(&c.want, got, cmpopts.IgnoreUnexported(Settings{}), cmpopts.EquateEmpty(), cmpopts.EquateErrors()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// FuzzRead reads any settings. Errors are of one line and name no type of Go.
func FuzzRead(f *testing.F) {
	f.Add(`{"tokenizer_class": "X", "pad_token": {"content": "a"}, "extra_special_tokens": {"a": "b"}}`, `{"pad_token": "<q>"}`, `{"c": 8}`)
	f.Add(`{"added_tokens_decoder": {"9": {"content": "b"}}, "never_split": ["a"], "extra_ids": 3}`, `[`, `{"c": 8.5}`)
	f.Fuzz(func(t *testing.T, config, special, added string) {
		_, err := read(t, map[string]string{ConfigFile: config, SpecialFile: special, AddedFile: added})
		if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "Go ")) {
			t.Errorf("error %q", err)
		}
	})
}
