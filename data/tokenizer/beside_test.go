package tokenizer

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// directory writes files, which are texts, JSON or {"base64": ...}, and returns their
// directory.
func directory(t *testing.T, files map[string]json.RawMessage) string {
	t.Helper()
	dir := t.TempDir()
	for name, value := range files {
		var text string
		var binary struct{ Base64 []byte }
		content := []byte(value)
		if json.Unmarshal(value, &text) == nil {
			content = []byte(text)
		} else if json.Unmarshal(value, &binary) == nil && binary.Base64 != nil {
			content = binary.Base64
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBeside reads vocabularies with settings beside them, and compares with what
// transformers makes of them, see testdata/beside.py. What is saved encodes alike.
func TestBeside(t *testing.T) {
	data, err := os.ReadFile("testdata/beside.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Cases []struct {
			Name        string
			Files       map[string]json.RawMessage
			Size        int
			Pad         int32
			Lines       []string
			IDs, Around [][]int32
		}
	}
	if err := json.Unmarshal(data, &reference); err != nil || len(reference.Cases) < 20 {
		t.Fatalf("%d cases, %v", len(reference.Cases), err)
	}
	for _, c := range reference.Cases {
		dir := directory(t, c.Files)
		for _, name := range []string{"tokenizer.json", "vocab.txt", "spiece.model", "vocab.json"} {
			if c.Files[name] == nil {
				continue
			}
			tok, err := Load(filepath.Join(dir, name))
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			checkSaved(t, c.Name, tok)
			for _, tok := range []*Tokenizer{tok, reload(t, tok)} {
				if tok.VocabSize() != c.Size || tok.Special().Pad != c.Pad {
					t.Errorf("%s: %d tokens, padding %d; want %d and %d", c.Name, tok.VocabSize(), tok.Special().Pad, c.Size, c.Pad)
				}
				for i, line := range c.Lines {
					if got := tok.Encode(nil, line); !slices.Equal(got, c.IDs[i]) {
						t.Errorf("%s, %s: %q: %v, want %v", c.Name, name, line, got, c.IDs[i])
					}
				}
				if got := tok.EncodeSpecial(nil, c.Lines[0]); !slices.Equal(got, c.Around[0]) {
					t.Errorf("%s, %s: with special tokens %v, want %v", c.Name, name, got, c.Around[0])
				}
			}
		}
	}
}

// TestBesideRefused names what cannot be done. An error of a tokenizer that is well-formed
// is errors.ErrUnsupported.
func TestBesideRefused(t *testing.T) {
	const vocabulary = `"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"`
	json1 := string(wordpieces(t, "a").contents())
	for _, c := range []struct {
		name, want string
		damaged    bool
		files      map[string]string
	}{
		{"Japanese", "BertJapaneseTokenizer", false, map[string]string{"tokenizer_config.json": `{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}`}},
		{"Japanese by the model", "BertJapaneseTokenizer", false, map[string]string{"config.json": `{"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"}`}},
		{"another class", "MPNetTokenizer", false, map[string]string{"tokenizer_config.json": `{"tokenizer_class": "MPNetTokenizerFast"}`}},
		{"not basic", "do_basic_tokenize", false, map[string]string{"tokenizer_config.json": `{"do_basic_tokenize": false}`}},
		{"words", "never_split", false, map[string]string{"tokenizer_config.json": `{"never_split": ["a"]}`}},
		{"words in brackets", `never_split: "[a]" is not a special or added token`, false, map[string]string{"tokenizer_config.json": `{"never_split": ["[MASK]", "[a]"]}`}},
		{"special tokens split", "split_special_tokens", false, map[string]string{"tokenizer_config.json": `{"split_special_tokens": true}`}},
		{"prefix", "wordpieces_prefix", false, map[string]string{"tokenizer_config.json": `{"wordpieces_prefix": "@@"}`}},
		{"other ids", `"x" has id 9`, true, map[string]string{"added_tokens.json": `{"x": 9}`}},
		{"no unknown token", "[U]", true, map[string]string{"tokenizer_config.json": `{"unk_token": "[U]"}`}},
		{"no text", "do_lower_case: it is a number, but must be true or false", true, map[string]string{"tokenizer_config.json": `{"do_lower_case": 3}`}},
		{"cut off", "tokenizer_config.json is damaged: it is cut off", true, map[string]string{"tokenizer_config.json": `{"do_lower_case": tr`[:17]}},
		{"a list", "special_tokens_map.json is damaged: it is not a JSON object", true, map[string]string{"special_tokens_map.json": `[]`}},
		{"no content", "pad_token", true, map[string]string{"special_tokens_map.json": `{"pad_token": {"lstrip": true}}`}},
		{"another vocabulary", `token 5 is "a", but "b"`, true, map[string]string{"tokenizer.json": strings.Replace(json1, `"a":5`, `"b":5`, 1)}},
		{"another first token", `token 0 is "[PAD]", but "[XAD]"`, true, map[string]string{"tokenizer.json": strings.ReplaceAll(json1, "[PAD]", "[XAD]")}},
		{"clean text", "clean_text", false, map[string]string{
			"tokenizer.json": strings.Replace(json1, `"clean_text":true`, `"clean_text":false`, 1), "tokenizer_config.json": `{"tokenizer_class": "BertTokenizer"}`}},
		{"class of another kind", "GPT2Tokenizer", false, map[string]string{"tokenizer.json": json1, "tokenizer_config.json": `{"tokenizer_class": "GPT2Tokenizer"}`}},
	} {
		files := map[string]json.RawMessage{"vocab.txt": json.RawMessage(vocabulary)}
		for name, content := range c.files {
			quoted, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = quoted
		}
		_, err := Load(filepath.Join(directory(t, files), "vocab.txt"))
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, errors.ErrUnsupported) == c.damaged {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		checkPrefix(t, err)
	}
	for _, class := range []string{"ByT5Tokenizer", "T5Tokenizer"} {
		err := CheckClass(directory(t, map[string]json.RawMessage{"tokenizer_config.json": json.RawMessage(`{"tokenizer_class": "` + class + `"}`)}))
		if err == nil || !strings.Contains(err.Error(), class) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a directory without a vocabulary: %v", err)
		}
	}
	if err := CheckClass(t.TempDir()); err != nil {
		t.Error(err)
	}
	if _, err := Load(filepath.Join(directory(t, map[string]json.RawMessage{"vocab.json": json.RawMessage(`{"a": 0}`)}), "vocab.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without merges: %v", err)
	}
}

// TestMark reads a tokenizer.json beside a vocab.txt that begins with a byte order mark.
func TestMark(t *testing.T) {
	quoted, err := json.Marshal(string(wordpieces(t, "a").contents()))
	if err != nil {
		t.Fatal(err)
	}
	dir := directory(t, map[string]json.RawMessage{"vocab.txt": json.RawMessage(`"\ufeff[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"`), "tokenizer.json": quoted})
	tok, err := Load(filepath.Join(dir, "vocab.txt"))
	if err != nil || tok.VocabSize() != 6 {
		t.Error(tok, err)
	}
}

// TestNeverSplit accepts words that are added tokens.
func TestNeverSplit(t *testing.T) {
	dir := directory(t, map[string]json.RawMessage{"vocab.txt": json.RawMessage(`"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"`),
		"added_tokens.json": json.RawMessage(`{"covid": 6}`), "tokenizer_config.json": json.RawMessage(`{"never_split": ["covid", "[SEP]"], "do_lower_case": true}`)})
	tok, err := Load(filepath.Join(dir, "vocab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode(nil, "a covid [SEP]"); !slices.Equal(got, []int32{5, 6, 3}) {
		t.Error(got)
	}
}

// TestCapitals guesses that a vocabulary is cased by capitals of any script.
func TestCapitals(t *testing.T) {
	for word, cased := range map[string]bool{"a": false, "Ä": true, "Москва": true, "##Ω": true, "ß": false, "ℝ": false, "[X]": false, "<X>": false, "漢": false} {
		n, ok := wordpieces(t, word).Normalization()
		if !ok || n.Lowercase == cased {
			t.Errorf("%s: lowercase is %v", word, n.Lowercase)
		}
	}
}
