package tokenizer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRoles keeps the meaning of special tokens that other names do not say, when a
// tokenizer is saved and extended.
func TestRoles(t *testing.T) {
	dir := directory(t, map[string]json.RawMessage{
		"vocab.txt": json.RawMessage(`"[P]\n[UNK]\n[C]\n[S]\n[M]\na\n"`), "tokenizer_config.json": json.RawMessage(
			`{"pad_token": "[P]", "cls_token": "[C]", "sep_token": "[S]", "mask_token": "[M]"}`)})
	tok, err := Load(filepath.Join(dir, "vocab.txt"))
	if err != nil {
		t.Fatal(err)
	}
	extended, err := tok.Extend("[X]")
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range []*Tokenizer{tok, reload(t, tok), extended, reload(t, extended)} {
		if got, want := tok.Special(), (Special{Pad: 0, Unk: 1, Cls: 2, Sep: 3, Mask: 4, EOS: 3}); got != want {
			t.Errorf("special tokens %+v, want %+v", got, want)
		}
	}
	other, err := newTokenizer(tok.kind, tok.model, tok.added, tok.post)
	if err != nil || other.Fingerprint() == tok.Fingerprint() {
		t.Errorf("the meaning of tokens is not in the fingerprint: %v", err)
	}
	// The fingerprint is part of the addresses of datasets and runs.
	if want := "6c8543d3c93c9a0064b2fd31b980dfe67385998769f0a4b8d129e66c414aaf86"; tok.Fingerprint() != want {
		t.Errorf("fingerprint %s, want %s", tok.Fingerprint(), want)
	}
}

// TestRolesInTheModel saves tokenizers whose special tokens are in the model and are not
// added tokens, beside settings that name some of them. Naming a token makes it an added
// token, which is found in text, so a saved file must name no other.
func TestRolesInTheModel(t *testing.T) {
	const (
		pieces = `{"model": {"type": "Unigram", "unk_id": 1, "vocab": [["pad", 0], ["<unk>", 0], ["</s>", 0], ["<s>", 0], ["▁", -2], ["a", -1], ["[SEP]", -3]]}, "added_tokens": []}`
		words  = `{"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
			"vocab": {"pad": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5, "##a": 6}}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": []}`
	)
	byteLevel, err := Load("testdata/small/bpe.json")
	if err != nil {
		t.Fatal(err)
	}
	named := byteLevel.Token(int32(byteLevel.VocabSize() - 1))
	for kind, text := range map[Kind]string{Unigram: pieces, WordPiece: words, BPE: string(byteLevel.contents())} {
		for _, roles := range [][]string{{"pad_token"}, {"pad_token", "eos_token"}, {"sep_token", "mask_token"}, {"unk_token"}, {"cls_token", "sep_token", "eos_token"}} {
			config := map[string]string{"tokenizer_class": "PreTrainedTokenizerFast"}
			for _, role := range roles {
				config[role] = "pad"
				if kind == BPE {
					config[role] = named
				}
			}
			quoted, err := json.Marshal(config)
			if err != nil {
				t.Fatal(err)
			}
			tok, err := Load(filepath.Join(directory(t, map[string]json.RawMessage{"tokenizer.json": json.RawMessage(text), "tokenizer_config.json": quoted}), "tokenizer.json"))
			if err != nil {
				t.Fatal(err)
			}
			checkSaved(t, fmt.Sprint(kind, roles), tok)
			extended, err := tok.Extend("[NEW]", "<eos>")
			if err != nil {
				t.Fatal(err)
			}
			checkSaved(t, fmt.Sprint(kind, roles, " extended"), extended)
		}
	}
}

// checkSaved saves and loads a tokenizer, twice, and compares.
func checkSaved(t *testing.T, what string, tok *Tokenizer) {
	t.Helper()
	saved := tok
	for range 2 {
		saved = reload(t, saved)
		if saved.Special() != tok.Special() || saved.Fingerprint() != tok.Fingerprint() || !slices.Equal(saved.Specials(), tok.Specials()) {
			t.Errorf("%s: saved with special tokens %+v (%v), fingerprint %.8s; loaded with %+v (%v), %.8s", what,
				tok.Special(), tok.Specials(), tok.Fingerprint(), saved.Special(), saved.Specials(), saved.Fingerprint())
		}
		for _, text := range []string{"a <unk> [SEP]", "pad </s>a<s> <pad>", "[PAD][UNK] [CLS] a [MASK]", strings.Join(tok.tokens(), " ")} {
			if got, want := saved.EncodeSpecial(nil, text), tok.EncodeSpecial(nil, text); !slices.Equal(got, want) {
				t.Errorf("%s: %.40q: %v before saving, %v after", what, text, want, got)
			}
		}
	}
}

// tokens returns all tokens.
func (t *Tokenizer) tokens() (all []string) {
	for id := range int32(t.VocabSize()) {
		all = append(all, t.Token(id))
	}
	return all
}

// TestSaveOver saves tokenizers over others. None is read with the settings of another,
// also if the process ends before the tokenizer's file is written.
func TestSaveOver(t *testing.T) {
	load := func(special [2]string) *Tokenizer {
		t.Helper()
		tok, err := Load(filepath.Join(directory(t, map[string]json.RawMessage{
			"vocab.txt":             json.RawMessage(`"` + special[0] + `\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n` + special[1] + `\na\n"`),
			"tokenizer_config.json": json.RawMessage(`{"pad_token": "` + special[0] + `"}`),
		}), "vocab.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	plain, first, second := wordpieces(t, "b", "[P]"), load([2]string{"[P]", "[Q]"}), load([2]string{"[Q]", "[P]"})
	for _, from := range []*Tokenizer{plain, first, second} {
		for _, to := range []*Tokenizer{plain, first, second} {
			dir := t.TempDir()
			if err := from.SaveTo(dir); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "tokenizer.json")
			if err := to.saveSettings(dir); err != nil {
				t.Fatal(err)
			}
			if got, err := Load(path); err == nil && got.Fingerprint() != from.Fingerprint() {
				t.Error("a tokenizer with the settings of another")
			}
			if err := to.SaveTo(dir); err != nil {
				t.Fatal(err)
			}
			if got, err := Load(path); err != nil || got.Fingerprint() != to.Fingerprint() {
				t.Errorf("another tokenizer is read than was saved: %v", err)
			}
		}
	}
	for _, tok := range []*Tokenizer{plain, first} {
		const others = `{"tokenizer_class": "BertTokenizer", "do_lower_case": false}`
		dir := directory(t, map[string]json.RawMessage{"tokenizer_config.json": json.RawMessage(others)})
		err := tok.SaveTo(dir)
		if err == nil || !strings.Contains(err.Error(), "tokenizer_config.json is of another program") {
			t.Errorf("over the settings of another program: %v", err)
		}
		checkPrefix(t, err)
		if text, err := os.ReadFile(filepath.Join(dir, "tokenizer_config.json")); err != nil || string(text) != others {
			t.Errorf("%s, %v", text, err)
		}
	}
}
