package unigram

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cases are texts with ids from sentencepiece and tokenizers, made by
// testdata/make.py.
type cases map[string]struct {
	Encode []struct {
		Text    []byte
		IDs     []int32
		Decoded string
	}
	Decode []struct {
		Tokens []string
		Text   string
	}
}

func readCases(tb testing.TB) cases {
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		tb.Fatal(err)
	}
	var c cases
	if err := json.Unmarshal(data, &c); err != nil {
		tb.Fatal(err)
	}
	return c
}

// readModel reads a .model file, or the parts of a tokenizer.json.
func readModel(tb testing.TB, path string) *Model {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var m *Model
	if strings.HasSuffix(path, ".json") {
		m, err = parseFile(data)
	} else {
		m, err = ParseModel(data)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func parseFile(data []byte) (*Model, error) {
	var s struct {
		Normalizer   json.RawMessage `json:"normalizer"`
		PreTokenizer json.RawMessage `json:"pre_tokenizer"`
		Decoder      json.RawMessage `json:"decoder"`
		Model        json.RawMessage `json:"model"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	return Parse(s.Normalizer, s.PreTokenizer, s.Decoder, s.Model)
}

func models(tb testing.TB) map[string]*Model {
	paths, err := filepath.Glob("testdata/*.model")
	if err != nil {
		tb.Fatal(err)
	}
	more, _ := filepath.Glob("testdata/*.json")
	out := make(map[string]*Model)
	for _, path := range slices.Concat(paths, more) {
		if name := filepath.Base(path); name != "cases.json" {
			out[strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".model")] = readModel(tb, path)
		}
	}
	return out
}

func tokens(m *Model, ids []int32) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = m.Token(id)
	}
	return out
}

func TestReference(t *testing.T) {
	all := readCases(t)
	for name, m := range models(t) {
		t.Run(name, func(t *testing.T) {
			c := all[name]
			if len(c.Encode) == 0 {
				t.Fatal("no cases")
			}
			e := m.NewEncoder()
			for range 2 { // the second time from the cache
				for _, x := range c.Encode {
					if got := e.Encode(nil, string(x.Text)); !slices.Equal(got, x.IDs) {
						t.Errorf("%q: got %q, want %q", x.Text, tokens(m, got), tokens(m, x.IDs))
					}
					if got := m.Decode(tokens(m, x.IDs)); got != x.Decoded {
						t.Errorf("%q: got %q, want %q", tokens(m, x.IDs), got, x.Decoded)
					}
				}
			}
			normalized := m.Normalized().NewEncoder()
			for _, x := range c.Encode {
				if got := normalized.Encode(nil, m.Normalize(string(x.Text))); !slices.Equal(got, x.IDs) {
					t.Errorf("%q, normalized before: got %q, want %q", x.Text, tokens(m, got), tokens(m, x.IDs))
				}
			}
			for _, x := range c.Decode {
				if got := m.Decode(x.Tokens); got != x.Text {
					t.Errorf("%q: got %q, want %q", x.Tokens, got, x.Text)
				}
			}
		})
	}
}

func TestGolden(t *testing.T) {
	m := goldenModel(t)
	data, err := os.ReadFile(golden + "parity.json")
	if err != nil {
		t.Skipf("no cases: %v", err)
	}
	var parity struct {
		Lines []string
		IDs   map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &parity); err != nil {
		t.Fatal(err)
	}
	var want [][]int32
	for name, raw := range parity.IDs {
		if strings.Contains(name, "unigram") {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(want) != len(parity.Lines) {
		t.Fatalf("%d lines, but ids of %d", len(parity.Lines), len(want))
	}
	e := m.NewEncoder()
	for i, line := range parity.Lines {
		if got := e.Encode(nil, line); !slices.Equal(got, want[i]) {
			t.Errorf("%q: got %q, want %q", line, tokens(m, got), tokens(m, want[i]))
		}
	}
}

// whole encodes a text without cutting it into words and without the cache.
func whole(m *Model, text string) []int32 {
	e := m.NewEncoder()
	s := state{}
	e.fresh(&s, m.normalizer.text(nil, text))
	return s.dst
}

func TestCacheAgreesWithWholeText(t *testing.T) {
	c := readCases(t)
	ms := models(t)
	for name, x := range c {
		m := ms[name]
		if m.file != nil {
			continue
		}
		var all []string
		for _, y := range x.Encode {
			all = append(all, string(y.Text))
		}
		// A long text, whose score grows until rounding matters, and beyond
		// where sentencepiece resets it.
		long := strings.Repeat(strings.Join(all, " "), 20)
		e := m.NewEncoder()
		for _, text := range append(all, long, strings.Join(all, "")) {
			if got, want := e.Encode(nil, text), whole(m, text); !slices.Equal(got, want) {
				t.Errorf("%s: %.40q: the cache changes the ids", name, text)
			}
		}
	}
}

// TestNearTies makes words that tie but for rounding, so that what is best
// depends on the score before the word.
func TestNearTies(t *testing.T) {
	m, err := newModel(&proto{pieces: []piece{
		{"<unk>", 0, unknown}, {"▁a", -3.1, normal}, {"b", -4.7, normal}, {"c", -1.3, normal},
		{"bc", -6.0000005, normal}, {"▁ab", -7.8, normal}, {"▁", -2.2, normal}, {"▁x", -5.3, normal},
		{"cb", -5.9999995, normal}, {"▁abc", -9.100001, normal},
	}})
	if err != nil {
		t.Fatal(err)
	}
	e := m.NewEncoder()
	seen := make(map[string]bool)
	text := ""
	for range 3000 {
		text += " abc x abcbc"
	}
	got := e.Encode(nil, text)
	if want := whole(m, text); !slices.Equal(got, want) {
		t.Error("the cache changes the ids")
	}
	for _, word := range strings.Split(strings.Join(tokens(m, got), "|"), "▁x|▁")[1:] {
		seen[word] = true
	}
	if len(seen) < 2 {
		t.Errorf("the words are always segmented as %v: this tests nothing", seen)
	}
}
