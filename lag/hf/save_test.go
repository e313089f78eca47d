package hf_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// TestRefused: what transformers cannot express is not written, and the field is named.
func TestRefused(t *testing.T) {
	relativePreNorm, relativePairs := testBERT(), testBERT()
	relativePreNorm.Positions, relativePreNorm.PreNorm = bert.Relative, true
	relativePairs.Positions, relativePairs.NextSentence = bert.Relative, true
	prefix, causal := testT5(), testT5()
	prefix.Form, prefix.EncoderLayers = ul2.PrefixLM, 0
	causal.Form, causal.EncoderLayers = ul2.CausalLM, 0
	for want, config := range map[string]model.Config{
		"pre_norm and the position_embedding_type": relativePreNorm, "next_sentence and the position_embedding_type": relativePairs, `form is "prefix-lm"`: prefix, `form is "causal-lm"`: causal,
	} {
		dir := filepath.Join(t.TempDir(), "model")
		checkError(t, hf.Save(dir, initialize(config)), want, dir)
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: there is a directory", want)
		}
	}
}

// TestSaveErrors: nothing is overwritten, and weights of another model are not written.
func TestSaveErrors(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "model")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := hf.Save(dir, initialize(testBERT())); err != nil {
		t.Fatalf("into an empty directory: %v", err)
	}
	checkError(t, hf.Save(dir, initialize(testBERT())), dir, "not empty")

	other := filepath.Join(root, "other")
	m := initialize(testBERT())
	delete(m.Params, "cls.predictions.bias")
	checkError(t, hf.Save(other, m), "cls.predictions.bias is missing")
	m.Params["cls.predictions.bias"] = growth.Tensor{Shape: []int{2}, Data: make([]float32, 2)}
	checkError(t, hf.Save(other, m), "[2]", "[19]")
	m = initialize(testBERT())
	m.Params["extra"] = m.Params["cls.predictions.bias"]
	checkError(t, hf.Save(other, m), "extra is not of the model")
	m = initialize(testBERT())
	m.Files = []string{filepath.Join(root, "vocab.txt")}
	checkError(t, hf.Save(other, m), "vocab.txt")
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func readFields(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	var fields map[string]any
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// TestConfig compares config.json with what transformers writes for the same model.
func TestConfig(t *testing.T) {
	for _, name := range []string{"bert", "bert-pretraining", "t5", "t5-tied"} {
		theirs := filepath.Join("testdata", name)
		m := load(t, theirs)
		m.Original = nil
		dir := filepath.Join(t.TempDir(), "model")
		if err := hf.Save(dir, m); err != nil {
			t.Fatal(err)
		}
		got, want := readFields(t, filepath.Join(dir, "config.json")), readFields(t, filepath.Join(theirs, "config.json"))
		for _, m := range []map[string]any{got, want} {
			delete(m, "transformers_version")
			delete(m, "classifier_dropout") // of classifiers
			delete(m, "torch_dtype")        // what dtype is called by older versions
			delete(m, "use_cache")          // off in T5 with the deeper decoder, see below
			delete(m, "tie_word_embeddings")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		file, err := safetensors.OpenModel(dir)
		if err != nil {
			t.Fatal(err)
		}
		if f := file.Metadata()["format"]; f != "pt" {
			t.Errorf("format %q", f)
		}
		file.Close()
	}
}

// TestOriginal keeps the fields of a config.json that mean nothing here, and
// turns off the cache where transformers cannot have one.
func TestOriginal(t *testing.T) {
	c := openCheckpoint(t, "t5")
	c.config["task_specific_params"] = map[string]any{"a": "b & c"}
	c.config["eos_token_id"], c.config["pad_token_id"] = 7, 3
	delete(c.config, "decoder_start_token_id")
	dir := c.write(t)
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"max_length": 9}`), 0o666); err != nil {
		t.Fatal(err)
	}
	m, out := load(t, dir), filepath.Join(t.TempDir(), "model")
	if err := hf.Save(out, m); err != nil {
		t.Fatal(err)
	}
	fields := readFields(t, filepath.Join(out, "config.json"))
	want := map[string]any{
		"task_specific_params": map[string]any{"a": "b & c"}, "eos_token_id": 7.0, "pad_token_id": 3.0,
		"decoder_start_token_id": 3.0, "use_cache": false, "num_decoder_layers": 2.0,
	}
	for name, value := range want {
		if d := cmp.Diff(value, fields[name]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if _, ok := fields["transformers_version"]; ok {
		t.Error("the version of another file was kept")
	}
	if d := cmp.Diff(map[string]any{"max_length": 9.0, "use_cache": false}, readFields(t, filepath.Join(out, "generation_config.json"))); d != "" {
		t.Error(d)
	}
}

// TestTokenizer: a vocabulary of ours comes along, with what transformers needs to load it.
func TestTokenizer(t *testing.T) {
	documents := func(yield func(string, error) bool) {
		yield("so much depends upon a red wheel barrow glazed with rain water beside the white chickens", nil)
	}
	for _, test := range []struct {
		kind   tokenizer.Kind
		config model.Config
		want   map[string]any // of tokenizer_config.json
		file   string
		size   int
	}{
		{tokenizer.WordPiece, testBERT(), map[string]any{
			"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false, "model_max_length": 10.0,
			"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
			"model_input_names": []any{"input_ids", "token_type_ids", "attention_mask"}, // transformers 5 leaves out token_type_ids otherwise
		}, "tokenizer.json", 60},
		{tokenizer.Unigram, testT5(), map[string]any{
			"tokenizer_class": "T5Tokenizer", "extra_ids": 0.0, "legacy": false, "additional_special_tokens": []any{"<s>", "<mask>", "<extra_id_1>", "<extra_id_0>"},
		}, "spiece.model", 32},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			vocab, err := tokenizer.Train(t.Context(), documents, tokenizer.TrainOptions{Kind: test.kind, VocabSize: test.size, Sentinels: 2})
			if err != nil {
				t.Fatal(err)
			}
			from := t.TempDir()
			if err := vocab.SaveTo(from); err != nil {
				t.Fatal(err)
			}
			m := initialize(test.config)
			m.Files = hf.TokenizerFiles(from)
			out := filepath.Join(t.TempDir(), "model")
			if err := hf.Save(out, m); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, readFields(t, filepath.Join(out, "tokenizer_config.json"))); d != "" {
				t.Error(d)
			}
			files := load(t, out).Files
			if !slices.ContainsFunc(files, func(path string) bool { return filepath.Base(path) == test.file }) {
				t.Errorf("files %v, want %s", files, test.file)
			}
			again, _, err := hf.LoadTokenizer(files)
			if err != nil {
				t.Fatal(err)
			}
			if again.Fingerprint() != vocab.Fingerprint() {
				t.Error("another vocabulary came back")
			}
			fields := readFields(t, filepath.Join(out, "config.json"))
			if got := fields["pad_token_id"]; got != float64(vocab.Special().Pad) {
				t.Errorf("pad_token_id %v", got)
			}
			if _, isT5 := test.config.(ul2.Config); isT5 && fields["eos_token_id"] != float64(vocab.Special().EOS) {
				t.Errorf("eos_token_id %v", fields["eos_token_id"])
			}
		})
	}
}

// TestTokenizerUnreadable copies the files of a tokenizer that cannot be read.
func TestTokenizerUnreadable(t *testing.T) {
	m := initialize(testBERT())
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	const text = `{"model": {"type": "Other"}}`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	m.Files = []string{path}
	dir := filepath.Join(t.TempDir(), "model")
	if err := hf.Save(dir, m); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil || string(got) != text {
		t.Errorf("%s, %v", got, err)
	}
	if id := readFields(t, filepath.Join(dir, "config.json"))["pad_token_id"]; id != 0.0 {
		t.Errorf("pad_token_id %v", id)
	}
}
