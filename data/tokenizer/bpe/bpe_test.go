package bpe_test

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// sections are those of a tokenizer.json.
type sections struct {
	Normalizer   json.RawMessage `json:"normalizer"`
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	Decoder      json.RawMessage `json:"decoder"`
	Model        json.RawMessage `json:"model"`
}

func (s sections) parse() (*bpe.Model, error) {
	return bpe.Parse(s.Normalizer, s.PreTokenizer, s.Decoder, s.Model)
}

func sectionsOf(m *bpe.Model) (s sections) {
	s.Normalizer, s.PreTokenizer, s.Decoder, s.Model = m.JSON()
	return s
}

// caseFile is testdata/cases.json, which testdata/cases.py makes.
type caseFile struct {
	Training, Special []string
	Cases             []struct {
		Name     string
		Sections sections
		Encoded  []struct {
			Text    string
			IDs     []int32
			Decoded string
		}
	}
}

func readCases(t testing.TB) (f caseFile) {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func names(m *bpe.Model, ids []int32) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = m.Token(id)
	}
	return all
}

// TestCases compares small tokenizers with Hugging Face's.
func TestCases(t *testing.T) {
	for _, c := range readCases(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			m, err := c.Sections.parse()
			if err != nil {
				t.Fatal(err)
			}
			e, normalized := m.NewEncoder(), m.Normalized().NewEncoder()
			for _, want := range c.Encoded {
				got := e.Encode(nil, want.Text)
				if diff := cmp.Diff(got, normalized.Encode(nil, m.Normalize(want.Text))); diff != "" {
					t.Errorf("%q (-encoded, +normalized before):\n%s", want.Text, diff)
				}
				if diff := cmp.Diff(names(m, want.IDs), names(m, got)); diff != "" && len(got)+len(want.IDs) > 0 {
					t.Errorf("%q (-theirs, +ours):\n%s", want.Text, diff)
				}
				if decoded := m.Decode(names(m, want.IDs)); decoded != want.Decoded {
					t.Errorf("decoded %q, want %q", decoded, want.Decoded)
				}
			}
		})
	}
}

// TestTrainAsHuggingFace compares vocabularies, merges and all sections.
func TestTrainAsHuggingFace(t *testing.T) {
	options := map[string]bpe.TrainOptions{
		"GPT-2":        {},
		"space before": {AddPrefixSpace: true},
		"GPT-4":        {Pattern: bpe.PatternGPT4},
		"Qwen 2":       {Pattern: bpe.PatternQwen2, Normalizer: "NFC"},
	}
	f := readCases(t)
	for _, c := range f.Cases {
		opts, ok := options[c.Name]
		if !ok {
			continue
		}
		delete(options, c.Name)
		opts.VocabSize, opts.Special = 330, f.Special
		m, err := bpe.Train(context.Background(), texts(f.Training...), opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values(t, c.Sections), values(t, sectionsOf(m))); diff != "" {
			t.Errorf("%s (-theirs, +ours):\n%s", c.Name, diff)
		}
	}
	if len(options) > 0 {
		t.Errorf("no such cases: %v", options)
	}
}

// values returns what the sections mean.
func values(t testing.TB, s sections) (v any) {
	t.Helper()
	data, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestGolden encodes the shared lines with the shared tokenizer.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile(shared + "golden/tokenizers/bpe_bytelevel.json")
	if err != nil {
		t.Skipf("no shared files: %v", err)
	}
	var s sections
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	m, err := s.parse()
	if err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(shared + "golden/tokenizers/parity.json"); err != nil {
		t.Skipf("no shared files: %v", err)
	}
	var lines struct {
		Lines []string
		IDs   map[string][][]int32
	}
	if err := json.Unmarshal(data, &lines); err != nil {
		t.Fatal(err)
	}
	want := lines.IDs["bpe_bytelevel"]
	if len(want) != len(lines.Lines) || len(want) == 0 {
		t.Fatalf("there are %d lines and ids of %d", len(lines.Lines), len(want))
	}
	e := m.NewEncoder()
	for i, line := range lines.Lines {
		got := e.Encode(nil, line)
		if diff := cmp.Diff(want[i], got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("line %d (-want, +got):\n%s", i, diff)
		}
		if text := m.Decode(names(m, got)); text != line {
			t.Errorf("line %d: decoded %q, want %q", i, text, line)
		}
	}
}

func TestTrainDeterministic(t *testing.T) {
	var want sections
	for i, n := range []int{1, 2, 7, 1} {
		old := runtime.GOMAXPROCS(n)
		got := sectionsOf(trained(t))
		runtime.GOMAXPROCS(old)
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("on %d processors (-first, +now):\n%s", n, diff)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	for name, opts := range map[string]bpe.TrainOptions{
		"small":     {VocabSize: 256, Special: []string{"a b"}},
		"large":     {VocabSize: 1 << 25},
		"frequency": {VocabSize: 300, MinFrequency: -1},
		"twice":     {VocabSize: 300, Special: []string{"x", "x"}},
		"empty":     {VocabSize: 300, Special: []string{""}},
		"pattern":   {VocabSize: 300, Pattern: "("},
		"space":     {VocabSize: 300, Pattern: bpe.PatternGPT4, AddPrefixSpace: true},
		"form":      {VocabSize: 300, Normalizer: "NFX"},
		"sequence":  {VocabSize: 300, Normalizer: "Sequence"},
	} {
		if _, err := bpe.Train(context.Background(), texts("some text"), opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := bpe.Train(context.Background(), texts(), bpe.TrainOptions{VocabSize: 300}); err != wordcount.ErrNoText {
		t.Errorf("no text: %v", err)
	}
}

func TestJSON(t *testing.T) {
	for _, c := range readCases(t).Cases {
		m, err := c.Sections.parse()
		if err != nil {
			t.Fatal(err)
		}
		first := sectionsOf(m)
		again, err := first.parse()
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if diff := cmp.Diff(first, sectionsOf(again)); diff != "" {
			t.Errorf("%s: read and written again:\n%s", c.Name, diff)
		}
	}
}

func TestTokens(t *testing.T) {
	m := trained(t)
	if m.Size() > 320 || m.Size() < 270 {
		t.Errorf("%d tokens", m.Size())
	}
	for id := range int32(m.Size()) {
		if got, ok := m.ID(m.Token(id)); !ok || got != id {
			t.Errorf("token %q of id %d has the id %d", m.Token(id), id, got)
		}
	}
	if m.Token(-1) != "" || m.Token(int32(m.Size())) != "" {
		t.Error("ids out of range have tokens")
	}
	if _, ok := m.ID("no such token"); ok {
		t.Error("an absent token has an id")
	}
}

// TestInvalidUTF8 encodes as text mended as Python does.
func TestInvalidUTF8(t *testing.T) {
	m := trained(t)
	e := m.NewEncoder()
	ids := e.Encode(nil, "a\xe2\x82 \xff\xff")
	if got, want := m.Decode(names(m, ids)), "a\uFFFD \uFFFD\uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDecode(t *testing.T) {
	m := trained(t)
	got := m.Decode([]string{"Ġthe", "<|endoftext|>", "Ġ", "日", "Ċ", "â", "Ĥ", "¬", "â", "Ĥ"})
	if want := " the<|endoftext|> 日\n€\uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s := sectionsOf(m)
	s.Decoder = nil
	m, err := s.parse()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Decode([]string{"Ġthe", "a"}), "Ġthe a"; got != want {
		t.Errorf("without a decoder: %q, want %q", got, want)
	}
}

func TestConcurrent(t *testing.T) {
	m := trained(t)
	text := strings.Repeat("the cat's hat 123 日本 ", 50)
	want := m.NewEncoder().Encode(nil, text)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			e := m.NewEncoder()
			for range 20 {
				if diff := cmp.Diff(want, e.Encode(nil, text)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	wait.Wait()
}
