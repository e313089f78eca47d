package hf_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
)

// write writes files into a new directory and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// trainTokenizer trains a vocabulary on a few words, and returns the directory of its
// file.
func trainTokenizer(t *testing.T, o tokenizer.TrainOptions) string {
	t.Helper()
	vocab, err := tokenizer.Train(t.Context(), func(yield func(string, error) bool) { yield("so much depends upon a red wheel barrow", nil) }, o)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := vocab.SaveTo(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

const bertVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\nRed\n"

// TestCheckTokenizer refuses a damaged tokenizer, and lets one pass that is of another
// kind.
func TestCheckTokenizer(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(trainTokenizer(t, tokenizer.TrainOptions{Kind: tokenizer.BPE, VocabSize: 300}), "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	for _, c := range []struct {
		name, file, text string
		want, error      string
	}{
		{"whole", "tokenizer.json", whole, "bpe tokenizer of", ""},
		{"cut off", "tokenizer.json", whole[:len(whole)/2], "", "not a tokenizer.json"},
		{"no JSON", "tokenizer.json", "version https://git-lfs", "", "not a tokenizer.json"},
		{"a token changed", "tokenizer.json", strings.Replace(whole, `"<pad>":0`, `"<pax>":0`, 1), "", "<pad>"},
		{"another kind", "tokenizer.json", `{"model": {"type": "WordLevel", "vocab": {"a": 0}}}`, "cannot be used here", ""},
		{"a program", "tokenizer_config.json", `{"tokenizer_class": "ByT5Tokenizer"}`, "cannot be used here", ""},
		{"none", "generation_config.json", `{}`, "no tokenizer", ""},
	} {
		dir := write(t, map[string]string{c.file: c.text})
		got, err := hf.CheckTokenizer(hf.TokenizerFiles(dir), 1000)
		if c.error != "" {
			checkError(t, err, c.error, "tokenizer.json", "copy or download")
		} else if err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// TestTokenizerSettings writes settings that transformers 4 and 5 read alike: testdata of
// data/tokenizer has what each makes of them.
func TestTokenizerSettings(t *testing.T) {
	segments, none := []any{"input_ids", "token_type_ids", "attention_mask"}, []any{"input_ids", "attention_mask"}
	text, err := os.ReadFile(filepath.Join(trainTokenizer(t, tokenizer.TrainOptions{Kind: tokenizer.BPE, VocabSize: 300}), "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	bpe := func() string { return trainTokenizer(t, tokenizer.TrainOptions{Kind: tokenizer.BPE, VocabSize: 300}) }
	for _, c := range []struct {
		name   string
		config model.Config
		dir    string
		want   map[string]any // members of the tokenizer_config.json; nil: is not there
		file   string
	}{
		{"T5's tokenizer.json", testT5(), bpe(), map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": none, "add_prefix_space": nil}, ""},
		{"BERT's tokenizer.json", testBERT(), bpe(), map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": segments}, ""},
		{"cased vocab.txt", testBERT(), write(t, map[string]string{"vocab.txt": bertVocabulary}), map[string]any{
			"tokenizer_class": "BertTokenizer", "do_lower_case": false, "strip_accents": false, "tokenize_chinese_chars": true, "mask_token": "[MASK]"}, ""},
		{"vocab.txt with its settings", testBERT(), write(t, map[string]string{"vocab.txt": bertVocabulary, "tokenizer_config.json": `{"do_lower_case": true}`}),
			map[string]any{"do_lower_case": true, "tokenizer_class": nil}, ""},
		{"saved by transformers 5", testT5(), write(t, map[string]string{"tokenizer.json": string(text), "tokenizer_config.json": `{"tokenizer_class": "TokenizersBackend", "extra_special_tokens": ["<e>"]}`}),
			map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": none, "additional_special_tokens": []any{"<e>"}, "extra_special_tokens": nil}, ""},
		{"with inputs of its own", testT5(), write(t, map[string]string{"tokenizer.json": string(text), "tokenizer_config.json": `{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids"]}`}),
			map[string]any{"model_input_names": []any{"input_ids"}}, ""},
		{"BERT with a .model", testBERT(), trainTokenizer(t, tokenizer.TrainOptions{Kind: tokenizer.Unigram, VocabSize: 30}),
			map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": segments}, "tokenizer.json"},
		{"T5 with bytes", testT5(), trainTokenizer(t, tokenizer.TrainOptions{Kind: tokenizer.Unigram, VocabSize: 290, ByteFallback: true}),
			map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": none, "eos_token": "</s>"}, "tokenizer.json"},
	} {
		m := initialize(c.config)
		m.Files = hf.TokenizerFiles(c.dir)
		out := filepath.Join(t.TempDir(), "model")
		if err := hf.Save(out, m); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := readFields(t, filepath.Join(out, "tokenizer_config.json"))
		for name, want := range c.want {
			if d := cmp.Diff(want, got[name]); d != "" {
				t.Errorf("%s: %s: %s", c.name, name, d)
			}
		}
		if c.file == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(out, c.file)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		before, _, err := hf.LoadTokenizer(m.Files)
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := hf.LoadTokenizer(hf.TokenizerFiles(out))
		if err != nil {
			t.Fatal(err)
		}
		const line = "a red wheel, é upon"
		if got, want := after.EncodeSpecial(nil, line), before.EncodeSpecial(nil, line); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}
