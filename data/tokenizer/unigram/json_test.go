package unigram

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for name, m := range models(t) {
		normalizer, preTokenizer, decoder, model := m.JSON()
		if m.file == nil {
			if model != nil {
				t.Errorf("%s: a .model has become a tokenizer.json", name)
			}
			continue
		}
		again, err := Parse(normalizer, preTokenizer, decoder, model)
		if err != nil {
			t.Fatal(err)
		}
		n2, p2, d2, m2 := again.JSON()
		for i, pair := range [][2]json.RawMessage{{normalizer, n2}, {preTokenizer, p2}, {decoder, d2}, {model, m2}} {
			if !bytes.Equal(pair[0], pair[1]) {
				t.Errorf("%s: section %d is not as it was", name, i)
			}
		}
	}
}

func TestParseNamesWhatIsUnsupported(t *testing.T) {
	const model = `{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1.5]],"byte_fallback":false}`
	const metaspace = `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	for _, c := range []struct{ normalizer, preTokenizer, decoder, model, want string }{
		{`{"type":"BertNormalizer"}`, "", "", model, "BertNormalizer"},
		{`{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"ByteLevel"}]}`, "", "", model, "ByteLevel"},
		{`{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}`, "", "", model, `\\s+`},
		{`{"type":"Precompiled","precompiled_charsmap":"AAAA"}`, "", "", model, "precompiled_charsmap"},
		{"", `{"type":"ByteLevel"}`, "", model, "ByteLevel"},
		{"", `{"type":"Metaspace","replacement":"▁","prepend_scheme":"sometimes"}`, "", model, "sometimes"},
		{"", `{"type":"Punctuation","behavior":"Removed"}`, "", model, "Removed"},
		{"", `{"type":"Sequence","pretokenizers":[` + metaspace + `,{"type":"Punctuation"}]}`, "", model, "Punctuation"},
		{"", `{"type":"Sequence","pretokenizers":[{"type":"Punctuation"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}`, "", model, "first"},
		{"", `{"type":"Sequence","pretokenizers":[` + metaspace + `,` + metaspace + `]}`, "", model, "Metaspace"},
		{"", "", `{"type":"WordPiece"}`, model, "WordPiece"},
		{"", "", "", `{"type":"BPE"}`, "BPE"},
		{"", "", "", `{"type":"Unigram","vocab":[["a",0]]}`, "unk_id"},
		{"", "", "", `{"type":"Unigram","unk_id":3,"vocab":[["a",0]]}`, "unk_id 3"},
		{"", "", "", `{"type":"Unigram","unk_id":0,"vocab":[]}`, "empty"},
		{"", "", "", `{"type":"Unigram","unk_id":0,"vocab":[["a","b"]]}`, "score"},
		{"", "", "", `{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}`, "score"},
		{"", "", "", `{"type":"Unigram","unk_id":0,"vocab":[["a"]]}`, "score"},
		{"", "", "", ``, "no model"},
	} {
		_, err := Parse(json.RawMessage(c.normalizer), json.RawMessage(c.preTokenizer), json.RawMessage(c.decoder), json.RawMessage(c.model))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got the error %v, want one with %q", err, c.want)
		}
	}
}

func TestEncodeRest(t *testing.T) {
	const model = `{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1.5],["▁a",-1.5]]}`
	m, err := Parse(nil, json.RawMessage(`{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}`), nil, json.RawMessage(model))
	if err != nil {
		t.Fatal(err)
	}
	e := m.NewEncoder()
	if got := e.Encode(nil, "a a"); len(got) != 2 || got[0] != 2 {
		t.Errorf("at the beginning: %v", got)
	}
	if got := e.EncodeRest(nil, "a a"); len(got) != 2 || got[0] != 1 {
		t.Errorf("further on: %v", got)
	}
}

func TestJSONFloat(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-0.0": 0, "1": 1, "-12.5": -12.5, "1e3": 1000, "2.5E-1": 0.25,
		"123456789012345678901234": 1.2345678901234567e23, // digits beyond 64 bits are dropped
		"0.000":                    0, "1e-400": 0,
		"-12.373888969421387": -12.373888969421388, // by tokenizers 0.23.3
	} {
		if got, err := jsonFloat(json.RawMessage(text)); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`"1"`, "null", "1e400", "-", ""} {
		if got, err := jsonFloat(json.RawMessage(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// FuzzParse checks that no tokenizer.json makes Parse, Encode or Decode panic.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"t5", "spaces", "whole", "bare"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "a b  c ☃ \xff é")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		m, err := parseFile(data)
		if err != nil {
			return
		}
		checkEncoding(t, m, text)
	})
}
