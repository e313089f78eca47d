package data

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// TestConfigJSON checks that the JSON of the configuration is the same as
// before other corpora and vocabularies were added.
func TestConfigJSON(t *testing.T) {
	const old = `{"corpus":"go","vocabulary_size":1024,"min_frequency":0,"limit_alphabet":0,"validation_fraction":0.05,"split_seed":0}`
	text, err := json.Marshal(DefaultConfig())
	if err != nil || string(text) != old {
		t.Errorf("%s, %v", text, err)
	}
	full := Config{
		Corpus: corpus.Spec{Source: "hf:owner/name", Config: "en"}, Kind: tokenizer.Unigram, VocabSize: 8192,
		Sentinels: 100, Modes: true, ValidationFraction: 0.01, SplitSeed: 3,
	}
	text, err = json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var again Config
	if err := json.Unmarshal(text, &again); err != nil || again != full {
		t.Errorf("%s became %+v, %v", text, again, err)
	}
}

func TestConfigValidate(t *testing.T) {
	good := DefaultConfig()
	for want, change := range map[string]func(*Config){
		"no kind of vocabulary": func(c *Config) { c.Kind = "words" },
		"alphabet limit":        func(c *Config) { c.Kind, c.LimitAlphabet = tokenizer.BPE, 10 },
		"sentinels":             func(c *Config) { c.Sentinels = -1 },
		"cannot be chosen":      func(c *Config) { c.TokenizerFile, c.Kind = "t.json", tokenizer.BPE },
		"is not trained":        func(c *Config) { c.TokenizerFile, c.MinFrequency = "t.json", 3 },
		"split":                 func(c *Config) { c.Corpus.Split = "test" },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestKinds prepares data with each kind of vocabulary, trained and from a file.
func TestKinds(t *testing.T) {
	t.Parallel()
	path := corpusFile(t, 1000)
	for _, kind := range []tokenizer.Kind{tokenizer.WordPiece, tokenizer.BPE, tokenizer.Unigram} {
		cfg := config(path)
		cfg.Kind, cfg.VocabSize, cfg.Sentinels, cfg.Modes = kind, 400, 10, true
		if kind == tokenizer.Unigram {
			cfg.VocabSize = 150 // the text does not give more
		}
		d := prepare(t, cfg, t.TempDir())
		if err := d.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		v := d.Vocabulary()
		if d.Tokenizer.Kind() != kind || len(v.Sentinels) != 10 || v.Modes.NLG < 0 || v.EOS != d.Train.Meta().EndToken {
			t.Errorf("%s: %+v", kind, v)
		}
		ends := 0
		buf := make([]int32, d.Train.Len())
		if err := d.Train.Read(buf, 0); err != nil {
			t.Fatal(err)
		}
		for _, id := range buf {
			if id == v.EOS {
				ends++
			}
		}
		if ends != d.Train.Documents() {
			t.Errorf("%s: %d ends of %d documents", kind, ends, d.Train.Documents())
		}

		from := config(path)
		from.VocabSize, from.TokenizerFile = 0, filepath.Join(d.Dir, d.Tokenizer.FileName())
		if e := prepare(t, from, t.TempDir()); e.Fingerprint != d.Fingerprint || e.Dir == d.Dir {
			t.Errorf("%s: from its own file the vocabulary gives another dataset", kind)
		} else if diff := cmp.Diff(tree(t, d.Dir), tree(t, e.Dir)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		// More sentinels give another vocabulary.
		from.Sentinels = 12
		if e := prepare(t, from, t.TempDir()); len(e.Vocabulary().Sentinels) != 12 || e.Fingerprint == d.Fingerprint {
			t.Errorf("%s: %d sentinels", kind, len(e.Vocabulary().Sentinels))
		}
		from.VocabSize = 17
		if _, err := Prepare(t.Context(), from, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "the configuration asks for 17") {
			t.Errorf("%s: another size: %v", kind, err)
		}
	}
	missing := config(path)
	missing.VocabSize, missing.TokenizerFile = 0, filepath.Join(t.TempDir(), "tokenizer.json")
	if _, err := Prepare(t.Context(), missing, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), missing.TokenizerFile) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestReadError checks the errors for a file that cannot be read, with a given
// vocabulary and one to be trained.
func TestReadError(t *testing.T) {
	d := prepare(t, config(corpusFile(t, 1000)), t.TempDir())
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte("not JSON\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cfg := config(path)
	for range 2 {
		_, err := Prepare(t.Context(), cfg, t.TempDir(), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "data: corpus: reading "+path) {
			t.Error(err)
		}
		cfg.VocabSize, cfg.TokenizerFile = 0, filepath.Join(d.Dir, d.Tokenizer.FileName())
	}
	if _, err := TrainTokenizer(t.Context(), config(path), nil); err == nil || !strings.HasPrefix(err.Error(), "data: corpus: reading "+path) {
		t.Error(err)
	}
}

// TestNoEndToken checks the error for a vocabulary without an end token.
func TestNoEndToken(t *testing.T) {
	path := corpusFile(t, 1000)
	cfg := config(path)
	cfg.Kind, cfg.VocabSize = tokenizer.BPE, 300
	d := prepare(t, cfg, t.TempDir())
	text, err := os.ReadFile(filepath.Join(d.Dir, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	from := config(path)
	from.VocabSize, from.TokenizerFile = 0, filepath.Join(t.TempDir(), "tokenizer.json")
	if err := os.WriteFile(from.TokenizerFile, []byte(strings.ReplaceAll(string(text), "</s>", "<over>")), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(t.Context(), from, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "ends a document") {
		t.Error(err)
	}
}

// TestSources prepares the same text from several kinds of files, cleaned and not.
func TestSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var text, lines strings.Builder
	for i := range 200 {
		doc := strings.Repeat("Some words of a document. ", i%5+1)
		text.WriteString(doc + "\n\n")
		line, err := json.Marshal(map[string]string{"body": strings.TrimSpace(doc)})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	for name, contents := range map[string]string{"a.txt": text.String(), "en/train.jsonl": lines.String(), "README.md": "---\nlicense: cc0-1.0\n---\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config(filepath.Join(dir, "a.txt"))
	cfg.VocabSize = 60
	plain := prepare(t, cfg, dir)
	cfg.Corpus = corpus.Spec{Source: "hf:" + dir, Config: "en", Field: "body"}
	// The store has the licence of the card.
	if d := prepare(t, cfg, dir); d.Fingerprint != plain.Fingerprint || d.Train.Meta().License != "cc0-1.0" {
		t.Errorf("the same text from a dataset has other tokens, or no licence: %+v", d.Train.Meta())
	}
	cfg.Corpus.Clean.DropDuplicates = true
	cfg.ValidationFraction = 0.5
	if d := prepare(t, cfg, dir); d.Documents != 5 {
		t.Errorf("%d documents without duplicates, want 5", d.Documents)
	}
}
