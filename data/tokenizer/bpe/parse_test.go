package bpe_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
)

// TestParseRefuses checks that what is not supported is named.
func TestParseRefuses(t *testing.T) {
	good := sectionsOf(trained(t))
	var model map[string]any
	if err := json.Unmarshal(good.Model, &model); err != nil {
		t.Fatal(err)
	}
	// changed returns the model section with one member changed.
	changed := func(member string, value any) json.RawMessage {
		m := map[string]any{}
		for k, v := range model {
			m[k] = v
		}
		m[member] = value
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	vocabulary := func(change func(v map[string]any)) json.RawMessage {
		v := map[string]any{}
		for token, id := range model["vocab"].(map[string]any) {
			v[token] = id
		}
		change(v)
		return changed("vocab", v)
	}
	cut := func(parts ...string) json.RawMessage {
		return json.RawMessage(`{"type":"Sequence","pretokenizers":[` + strings.Join(parts, ",") + `]}`)
	}
	const byteLevel = `{"type":"ByteLevel","add_prefix_space":false}`
	for _, c := range []struct {
		s    sections
		want string // a part of the error
	}{
		{sections{Model: json.RawMessage(`{"type":"Unigram"}`)}, "Unigram"},
		{sections{Model: json.RawMessage(`null`)}, "no model"},
		{sections{Model: json.RawMessage(`{`)}, "model"},
		{sections{Model: changed("dropout", 0.1)}, "dropout 0.1"},
		{sections{Model: changed("continuing_subword_prefix", "##")}, "continuing_subword_prefix"},
		{sections{Model: changed("end_of_word_suffix", "</w>")}, "end_of_word_suffix"},
		{sections{Model: changed("merges", []any{[]string{"a", "zzz"}})}, `"zzz"`},
		{sections{Model: changed("merges", []any{[]string{"%", "%"}})}, `"%%"`},
		{sections{Model: changed("merges", []any{[]string{"a"}})}, "merge 0"},
		{sections{Model: changed("merges", []any{"a b c"})}, "merge 0"},
		{sections{Model: changed("merges", []any{"a b", []string{"a", "b"}})}, "merges"},
		{sections{Model: vocabulary(func(v map[string]any) { delete(v, "Ā") })}, `'Ā'`},
		{sections{Model: vocabulary(func(v map[string]any) { v["new"] = v["a"] })}, "same id"},
		{sections{Model: vocabulary(func(v map[string]any) { v["new"] = -1 })}, "-1"},
		{sections{Model: vocabulary(func(v map[string]any) { v["new"] = 1 << 30 })}, "1073741824"},
		{sections{Model: vocabulary(func(v map[string]any) { v["new"] = 1 << 20 })}, "largest id"},
		{sections{Model: vocabulary(func(v map[string]any) { v[""] = 1000 })}, "empty"},
		{sections{Normalizer: json.RawMessage(`{"type":"Prepend","prepend":"_"}`)}, "Prepend"},
		{sections{Normalizer: json.RawMessage(`{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Strip"}]}`)}, "Strip"},
		{sections{Normalizer: json.RawMessage(`7`)}, "normalizer"},
		{sections{Normalizer: json.RawMessage(strings.Repeat(`{"type":"Sequence","normalizers":[`, 3000) + strings.Repeat(`]}`, 3000))}, "nested"},
		{sections{PreTokenizer: json.RawMessage(`null`)}, "no ByteLevel"},
		{sections{PreTokenizer: json.RawMessage(`{"type":"Metaspace"}`)}, "Metaspace"},
		{sections{PreTokenizer: json.RawMessage(`{"type":"ByteLevel"}`)}, "add_prefix_space"},
		{sections{PreTokenizer: cut(byteLevel, byteLevel)}, "after ByteLevel"},
		{sections{PreTokenizer: cut(`{"type":"Split","behavior":"Isolated","invert":false}`, byteLevel)}, "no pattern"},
		{sections{PreTokenizer: cut(`{"type":"Split","pattern":{"String":""},"behavior":"Isolated","invert":false}`, byteLevel)}, "empty"},
		{sections{PreTokenizer: cut(`{"type":"Split","pattern":{"String":"a"},"behavior":"Other","invert":false}`, byteLevel)}, "Other"},
		{sections{PreTokenizer: cut(`{"type":"Split","pattern":{"String":"a"},"behavior":"Isolated"}`, byteLevel)}, "invert"},
		{sections{PreTokenizer: cut(`{"type":"Split","pattern":{"Regex":"(?<=a)b"},"behavior":"Isolated","invert":false}`, byteLevel)}, "(?<="},
		{sections{PreTokenizer: cut(`{"type":"Punctuation","behavior":"Other"}`, byteLevel)}, "Other"},
		{sections{PreTokenizer: cut(strings.Repeat(`{"type":"Sequence","pretokenizers":[`, 20) + strings.Repeat(`]}`, 20))}, "nested"},
		{sections{Decoder: json.RawMessage(`{"type":"WordPiece"}`)}, "WordPiece"},
	} {
		s := c.s
		if s.Model == nil {
			s.Model = good.Model
		}
		if s.PreTokenizer == nil {
			s.PreTokenizer = good.PreTokenizer
		}
		if _, err := s.parse(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "bpe: ") {
			t.Errorf("got the error %v, want one that names %q", err, c.want)
		}
	}
	// What has no effect is accepted.
	for _, model := range []json.RawMessage{
		changed("dropout", 0), changed("end_of_word_suffix", ""), changed("unk_token", "<unk>"), changed("byte_fallback", true),
		vocabulary(func(v map[string]any) { v["a hole"] = 1000 }),
	} {
		s := good
		s.Model = model
		if _, err := s.parse(); err != nil {
			t.Error(err)
		}
	}
}

// The bytes of a text become tokens, which merges join.
func ExampleModel_NewEncoder() {
	model := `{"vocab":{"lo":256,"low":257,"Ġlow":258` + allBytes() + `},"merges":[["l","o"],["lo","w"],["Ġ","low"]]}`
	m, err := bpe.Parse(nil, json.RawMessage(`{"type":"ByteLevel","add_prefix_space":false}`),
		json.RawMessage(`{"type":"ByteLevel"}`), json.RawMessage(model))
	if err != nil {
		fmt.Println(err)
		return
	}
	var tokens []string
	for _, id := range m.NewEncoder().Encode(nil, "low lows, é") {
		tokens = append(tokens, m.Token(id))
	}
	fmt.Printf("%q\n", tokens)
	fmt.Printf("%q\n", m.Decode(tokens))
	// Output:
	// ["low" "Ġlow" "s" "," "Ġ" "Ã" "©"]
	// "low lows, é"
}

// allBytes writes the tokens of single bytes as members of a vocabulary.
func allBytes() string {
	var b strings.Builder
	id := 0
	for r := rune('!'); id < 256; r++ {
		if r <= '~' || 0xA1 <= r && r != 0xAD {
			fmt.Fprintf(&b, ",%q:%d", string(r), id)
			id++
		}
	}
	return b.String()
}
