package bpe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/utf8text"
)

// FuzzParse reads any sections; what can be read is written and read again.
// Since no fuzzer writes out the 256 bytes of a vocabulary, they are added.
func FuzzParse(f *testing.F) {
	for _, c := range readCases(f).Cases {
		f.Add([]byte(c.Sections.Normalizer), []byte(c.Sections.PreTokenizer), []byte(c.Sections.Decoder),
			[]byte(`"th":257,"the":258,"Ġ<":300`), []byte(`[["t","h"],["th","e"]]`), []byte(`"ignore_merges":true`))
	}
	f.Add([]byte("null"), []byte(`{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}`), []byte(""),
		[]byte(`"a a":1000`), []byte(`[]`), []byte(`"dropout":0.0,"unk_token":"a","fuse_unk":true`))
	var vocabulary bytes.Buffer
	for id := range int32(256) {
		name, err := json.Marshal(trained(f).Token(id))
		if err != nil {
			f.Fatal(err)
		}
		fmt.Fprintf(&vocabulary, "%s:%d,", name, id)
	}
	f.Fuzz(func(t *testing.T, normalizer, preTokenizer, decoder, tokens, merges, flags []byte) {
		model := append([]byte(`{"vocab":{`), vocabulary.Bytes()...)
		model = append(append(model, tokens...), `},"merges":`...)
		model = append(append(append(append(model, merges...), ','), flags...), '}')
		m, err := bpe.Parse(normalizer, preTokenizer, decoder, model)
		if err != nil {
			return
		}
		first := sectionsOf(m)
		again, err := first.parse()
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(first, sectionsOf(again)); diff != "" {
			t.Fatal(diff)
		}
		for _, id := range m.NewEncoder().Encode(nil, "the 12 Cat's\r\n") {
			if m.Token(id) == "" {
				t.Fatalf("no token %d", id)
			}
		}
	})
}

// FuzzEncode checks that decoding gives the text back.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"", " the cat's\r\n  hat", "naïve 日本 😀\u200d\u0301", "a\xe2\x82\xff\x00", "1234567 'LL 'ſ \u0085\u00a0\u3000"} {
		f.Add(text)
	}
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	var models []*bpe.Model
	for _, c := range readCases(f).Cases {
		switch c.Name {
		case "GPT-2", "GPT-4", "GPT-4o", "DeepSeek", "ignoring merges":
			m, err := c.Sections.parse()
			if err != nil {
				f.Fatal(err)
			}
			models = append(models, m)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range models {
			e := m.NewEncoder()
			ids := e.Encode(nil, text)
			if got, want := m.Decode(names(m, ids)), utf8text.Repair(text); got != want {
				t.Fatalf("decoded %q, want %q", got, want)
			}
			if diff := cmp.Diff(ids, e.Encode(nil, text)); diff != "" {
				t.Fatalf("encoded again (-first, +second):\n%s", diff)
			}
		}
	})
}
