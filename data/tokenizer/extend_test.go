package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// t5Files returns the files of a case of testdata/beside.json.
func t5Files(t *testing.T, name string) map[string]json.RawMessage {
	t.Helper()
	data, err := os.ReadFile("testdata/beside.json")
	var reference struct {
		Cases []struct {
			Name  string
			Files map[string]json.RawMessage
		}
	}
	if err == nil {
		err = json.Unmarshal(data, &reference)
	}
	for _, c := range reference.Cases {
		if c.Name == name {
			return c.Files
		}
	}
	t.Fatalf("there is no case %q: %v", name, err)
	return nil
}

// TestExtendT5 extends T5's vocabularies as transformers does, for the rows of
// pretrained tables: 100 sentinels after the pieces, <extra_id_0> the last, then what T5
// has not.
func TestExtendT5(t *testing.T) {
	alone := map[string]json.RawMessage{"spiece.model": t5Files(t, "T5 alone")["spiece.model"]}
	for _, c := range []struct {
		name  string
		files map[string]json.RawMessage
	}{{"a .model alone", alone}, {"a directory of T5", t5Files(t, "T5")}} {
		load := func() *Tokenizer {
			tok, err := Load(filepath.Join(directory(t, c.files), "spiece.model"))
			if err != nil {
				t.Fatal(err)
			}
			return tok
		}
		pieces := int32(load().model.Size())
		if c.name == "a directory of T5" {
			pieces -= sentinelsOfT5 // the class has added them
		}
		for _, e := range []struct {
			sentinels int
			modes     bool
			size      int32
			nlu       int32 // id of [NLU] after the pieces
		}{
			{8, false, 100, -1}, {0, true, 103, 100}, {32, true, 103, 100}, {100, true, 103, 100}, {128, true, 131, 128}, {128, false, 128, -1},
		} {
			tok, err := load().ExtendUL2(e.sentinels, e.modes)
			if err != nil {
				t.Fatal(err)
			}
			again, err := tok.ExtendUL2(e.sentinels, e.modes)
			if err != nil || again.VocabSize() != tok.VocabSize() {
				t.Errorf("%s: extended twice: %v", c.name, err)
			}
			for _, tok := range []*Tokenizer{tok, reload(t, tok)} {
				s := tok.Sentinels()
				if got := int32(tok.VocabSize()) - pieces; got != e.size {
					t.Errorf("%s, %d sentinels: %d tokens more, want %d", c.name, e.sentinels, got, e.size)
				}
				if s[0] != pieces+99 || s[99] != pieces || len(s) != max(100, e.sentinels) || len(s) > 100 && s[100] != pieces+127 {
					t.Errorf("%s, %d sentinels: %v", c.name, e.sentinels, s)
				}
				if nlu, _, _, ok := tok.Modes(); ok != e.modes || ok && nlu != pieces+e.nlu {
					t.Errorf("%s, %d sentinels: [NLU] is %d, want %d", c.name, e.sentinels, nlu, pieces+e.nlu)
				}
			}
		}
	}
}

// TestExtendOld leaves vocabularies as they are that earlier versions made of T5's: with
// mode tokens first, and fewer sentinels.
func TestExtendOld(t *testing.T) {
	tok, err := Load(filepath.Join(directory(t, map[string]json.RawMessage{"spiece.model": t5Files(t, "T5 alone")["spiece.model"]}), "spiece.model"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{NLU, NLG, S2S}
	for n := 7; n >= 0; n-- {
		names = append(names, Sentinel(n))
	}
	old, err := tok.Extend(names...)
	if err != nil {
		t.Fatal(err)
	}
	again, err := reload(t, old).ExtendUL2(8, true)
	if err != nil || again.Fingerprint() != old.Fingerprint() {
		t.Errorf("an extended vocabulary changed: %v", err)
	}
	more, err := old.ExtendUL2(10, true)
	if n := int32(old.VocabSize()); err != nil || !slices.Equal(more.Sentinels()[8:], []int32{n + 1, n}) || !slices.Equal(more.Sentinels()[:8], old.Sentinels()) {
		t.Errorf("sentinels %v, %v", more.Sentinels(), err)
	}
}
