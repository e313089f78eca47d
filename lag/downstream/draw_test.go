package downstream

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/advice"
)

// numbered returns documents of the given lengths. Each token is 1000 times the number
// of its document, plus its place; the end token is 9.
func numbered(lengths ...int) *documents {
	d := &documents{offsets: []int64{0}}
	for i, n := range lengths {
		for k := range n {
			d.tokens = append(d.tokens, int32(1000*(i+1)+k))
		}
		d.tokens = append(d.tokens, 9)
		d.offsets = append(d.offsets, d.Len())
	}
	return d
}

// TestDrawPairs checks every example: passages are whole, in one document, follow each
// other exactly if the label says so, no document is in both parts or in two blocks of
// one, and second passages begin where they can also begin if they follow.
func TestDrawPairs(t *testing.T) {
	var lengths []int
	for i := range 40 {
		lengths = append(lengths, 15+3*i) // the first ones are too short for two passages
	}
	p, err := drawPairs(numbered(lengths...), 10, 100, 7)
	if err != nil {
		t.Fatal(err)
	}
	if p.passage != 10 || len(p.train) != 100 || len(p.test) != 50 {
		t.Fatalf("passages of %d, %d and %d examples", p.passage, len(p.train), len(p.test))
	}
	training, starts := make(map[int]bool), make(map[int32]bool)
	blocks := make(map[int]int) // of each document
	for i, e := range slices.Concat(p.train, p.test) {
		document := func(passage []int32) int {
			for k, token := range passage {
				if token != passage[0]+int32(k) || token == 9 {
					t.Fatalf("example %d: the passage %v is not one of a document", i, passage)
				}
			}
			return int(passage[0])/1000 - 1
		}
		first, second := document(e.first), document(e.second)
		isTest := i >= len(p.train)
		if !isTest {
			training[first], training[second] = true, true
		} else if training[first] || training[second] {
			t.Errorf("example %d of the test is from a document of the training", i)
		}
		for _, document := range []int{first, second} {
			if b, ok := blocks[document]; ok && b != e.block {
				t.Errorf("example %d: document %d is in the blocks %d and %d", i, document, b, e.block)
			}
			blocks[document] = e.block
		}
		if e.follows != (i%2 == 0) || e.follows != (e.second[0] == e.first[0]+10) || e.follows != (first == second) {
			t.Errorf("example %d: %v then %v, follows %t", i, e.first, e.second, e.follows)
		}
		if place := e.second[0] % 1000; place < 10 {
			t.Errorf("example %d: the second passage begins at place %d, where none begins that follows", i, place)
		}
		starts[e.first[0]] = true
	}
	count := func(list []drawnPair) (fitted, aside, all int) {
		var groups []int
		for _, e := range list {
			groups = append(groups, e.block)
		}
		for _, mark := range asideOf(groups) {
			if mark {
				aside++
			} else {
				fitted++
			}
		}
		return fitted, aside, slices.Max(groups) + 1
	}
	if fitted, aside, all := count(p.train); fitted != 80 || aside != 20 || all != 5 {
		t.Errorf("of the training %d are fitted and %d are set aside, in %d blocks", fitted, aside, all)
	}
	if _, _, all := count(p.test); all != 6 {
		t.Errorf("the test has %d blocks", all)
	}
	if len(starts) < 100 {
		t.Errorf("only %d different places", len(starts))
	}
	again, err := drawPairs(numbered(lengths...), 10, 100, 7)
	if err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("the same seed draws other examples, %v", err)
	}
	if other, err := drawPairs(numbered(lengths...), 10, 100, 8); err != nil || reflect.DeepEqual(p, other) {
		t.Errorf("another seed draws the same examples, %v", err)
	}
}

// TestPassages checks that passages are shortened where documents are short, and that
// there are not more examples than the text has.
func TestPassages(t *testing.T) {
	var lengths []int
	for i := range 60 {
		lengths = append(lengths, 40+i)
	}
	for _, c := range []struct {
		lengths                    []int
		passage, want, train, test int
		err                        string
	}{
		{lengths, 62, 31, 40, 20, ""},                      // 2·62 tokens has none, 2·31 has 38
		{slices.Repeat([]int{500}, 9), 62, 62, 40, 20, ""}, // no shorter passage has more documents
		{slices.Repeat([]int{20}, 8), 10, 10, 8, 8, ""},
		{append(slices.Repeat([]int{20}, 7), 5), 10, 10, 0, 0, "7 documents have 20 tokens"},
		{slices.Repeat([]int{5}, 8), 2, 2, 8, 8, ""}, // a model of short sequences
		{nil, 10, 10, 0, 0, "0 documents"},
	} {
		p, err := drawPairs(numbered(c.lengths...), c.passage, 40, 1)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v: %v, want %q", c.lengths, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c.lengths, err)
		} else if p.passage != c.want || len(p.train) != c.train || len(p.test) != c.test {
			t.Errorf("%v: passages of %d, %d and %d examples, want %d, %d and %d", c.lengths, p.passage, len(p.train), len(p.test), c.want, c.train, c.test)
		}
	}
}

func TestRows(t *testing.T) {
	vocabulary := objective.Vocabulary{Size: 100, Pad: 0, Cls: 1, Sep: 2, EOS: 3, Modes: objective.Modes{NLU: 4}}
	mlm, paired := objective.DefaultMLM(8), objective.DefaultMLM(8)
	paired.Pairs = &objective.SentencePairs{}
	ul2 := objective.DefaultUL2(8)
	ul2.ModeTokens = true
	a, b := []int32{11, 12, 13, 14, 15, 16}, []int32{21, 22, 23}
	for _, c := range []struct {
		name           string
		o              objective.Objective
		single, double []int32
		spans          [][2]int // of the pair
	}{
		{"encoder", objective.Objective{Form: objective.Encoder, Settings: mlm}, []int32{1, 11, 12, 13, 14, 15, 16, 2}, []int32{1, 11, 12, 2, 21, 22, 23, 2}, [][2]int{{1, 3}, {4, 7}}},
		{"sentence pairs", objective.Objective{Form: objective.Encoder, Settings: paired}, []int32{1, 11, 12, 13, 14, 15, 16, 2}, []int32{1, 11, 12, 2, 21, 22, 23, 2}, [][2]int{{1, 3}, {4, 7}}},
		{"encoder-decoder", objective.Objective{Form: objective.EncoderDecoder, Settings: objective.DefaultSpanCorruption(8)}, []int32{11, 12, 13, 14, 15, 16, 3}, []int32{11, 12, 13, 3, 21, 22, 23, 3}, [][2]int{{0, 3}, {4, 7}}},
		{"modes", objective.Objective{Form: objective.EncoderDecoder, Settings: ul2}, []int32{4, 11, 12, 13, 14, 15, 16, 3}, []int32{4, 11, 12, 3, 21, 22, 23, 3}, [][2]int{{1, 3}, {4, 7}}},
		{"decoder", objective.Objective{Form: objective.DecoderOnly, Settings: objective.DefaultCausalLM(8)}, []int32{11, 12, 13, 14, 15, 16}, []int32{11, 12, 13, 14, 3, 21, 22, 23}, [][2]int{{0, 4}, {5, 8}}},
	} {
		r, err := readingOf(c.o, vocabulary)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := r.row(a); !slices.Equal(got.tokens, c.single) {
			t.Errorf("%s: one text is %v, want %v", c.name, got.tokens, c.single)
		}
		got := r.row(a, b)
		if !slices.Equal(got.tokens, c.double) || !slices.Equal(got.spans, c.spans) {
			t.Errorf("%s: a pair is %v with %v, want %v with %v", c.name, got.tokens, got.spans, c.double, c.spans)
		}
		texts, pool := r.texts([]row{r.row(b, b[:1]), got}, 8)
		if texts.Lengths[1] != 8 || !slices.Equal(texts.Tokens[8:], c.double) || (texts.Segments != nil) != (c.name == "sentence pairs") {
			t.Errorf("%s: %+v", c.name, texts)
		}
		if texts.Segments != nil && !slices.Equal(texts.Segments[8:], []int32{0, 0, 0, 0, 1, 1, 1, 1}) {
			t.Errorf("%s: segments %v", c.name, texts.Segments)
		}
		for i := range 4 { // each text's weights sum to 1
			sum := float32(0)
			for _, w := range pool[8*i : 8*i+8] {
				sum += w
			}
			if sum < 0.999 || sum > 1.001 {
				t.Errorf("%s: the weights of text %d sum to %g", c.name, i, sum)
			}
		}
	}
	if !slices.Equal(a, []int32{11, 12, 13, 14, 15, 16}) {
		t.Error("a row changes its texts")
	}
	short := objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(4)}
	if _, err := readingOf(short, vocabulary); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("sequences of 4: %v", err)
	}
}

func TestCorpusNames(t *testing.T) {
	for _, c := range []struct{ sources, want []string }{
		{[]string{"a/news.txt.zst", "hf:owner/books", "go", ".txt"}, []string{"news", "books", "go", ".txt"}},
		{[]string{"a/news.txt", "b/news.jsonl.gz"}, []string{"a/news.txt", "b/news.jsonl.gz"}},
	} {
		if got := corpusNames(c.sources); !slices.Equal(got, c.want) {
			t.Errorf("%q are %q, want %q", c.sources, got, c.want)
		}
	}
}

// TestAside checks that a fifth of the groups is set aside.
func TestAside(t *testing.T) {
	for _, c := range []struct {
		groups []int
		want   []bool
	}{
		{[]int{7, 3, 7, 4}, []bool{true, false, true, false}},
		{[]int{1, 2, 3, 4, 5, 6, 1}, []bool{true, false, false, false, false, true, true}},
	} {
		if got := asideOf(c.groups); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.groups, got, c.want)
		}
	}
}

// TestBeginning cuts a long document at the end of a word or of a character.
func TestBeginning(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"one two", 7, "one two"},
		{"one two", 6, "one"},
		{"one", 2, "on"},
		{"äöü", 3, "ä"},
		{" ä", 2, " "},
	} {
		if got := beginning(c.text, c.most); got != c.want {
			t.Errorf("%d bytes of %q are %q, want %q", c.most, c.text, got, c.want)
		}
	}
}

// TestLongDocument reads a text of one line, of which not all is encoded.
func TestLongDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.jsonl")
	line := `{"text": "` + strings.Repeat("a ", mostBytes/2) + `and the rest"}` + "\n"
	if err := os.WriteFile(path, []byte(line+line), 0o666); err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Train(t.Context(), func(yield func(string, error) bool) { yield(strings.Repeat("a b and the rest ", 50), nil) }, tokenizer.TrainOptions{Kind: tokenizer.WordPiece, VocabSize: 24})
	if err != nil {
		t.Fatal(err)
	}
	d, err := readCorpus(t.Context(), path, tok)
	if err != nil {
		t.Fatal(err)
	}
	if d.Documents() != 1 || d.Len() != mostBytes/2+1 {
		t.Errorf("%d documents, %d tokens", d.Documents(), d.Len())
	}
}

func TestCheckFeatures(t *testing.T) {
	if err := checkFeatures(43_690, 4*768); err != nil {
		t.Error(err)
	}
	var advised *advice.Error
	if err := checkFeatures(150_000, 4*768); !errors.As(err, &advised) || !strings.Contains(err.Error(), "3.4 GiB") || !strings.Contains(err.Error(), "for 43690 examples") {
		t.Error(err)
	}
}
