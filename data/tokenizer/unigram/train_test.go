package unigram

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

func documents(docs ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// prose returns the comments of this package's source: some English text.
func prose(tb testing.TB) string {
	paths, err := filepath.Glob("*.go")
	if err != nil || len(paths) == 0 {
		tb.Fatal("no source", err)
	}
	var out strings.Builder
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if comment, ok := strings.CutPrefix(strings.TrimSpace(line), "// "); ok {
				out.WriteString(comment + "\n")
			}
		}
	}
	return out.String()
}

var t5Specials = []string{"<pad>", "</s>", "<unk>"}

func TestTrain(t *testing.T) {
	text := prose(t)
	var last, total int64
	opts := TrainOptions{VocabSize: 400, Special: t5Specials, Progress: func(done, of int64) { last, total = done, of }}
	m, err := Train(t.Context(), documents(strings.Split(text, "\n")...), opts)
	if err != nil {
		t.Fatal(err)
	}
	if m.Size() != 400 || last != total || total == 0 {
		t.Errorf("%d pieces, progress %d of %d", m.Size(), last, total)
	}
	for i, name := range t5Specials {
		if m.Token(int32(i)) != name {
			t.Errorf("piece %d is %q, want %q", i, m.Token(int32(i)), name)
		}
	}
	if m.Unknown() != 2 {
		t.Errorf("the unknown piece is %d", m.Unknown())
	}
	total64 := 0.0
	for _, p := range m.pieces[3:] {
		total64 += math.Exp(float64(p.score))
		if utf8.RuneCountInString(p.text) > maxPieceChars || strings.LastIndex(p.text, space) > 0 {
			t.Errorf("%q is no piece", p.text)
		}
	}
	if total64 < 0.8 || total64 > 1.001 {
		t.Errorf("the probabilities add up to %v", total64)
	}
	if !slices.IsSortedFunc(m.pieces[3:], func(a, b piece) int { return cmp.Compare(b.score, a.score) }) {
		t.Error("the pieces are not in the order of their scores")
	}
	if _, ok := m.ID("▁the"); !ok {
		t.Error(`"the" is not a piece`)
	}
	line := "The result depends only on the documents, and their order."
	ids := m.NewEncoder().Encode(nil, line)
	if got := m.Decode(tokens(m, ids)); got != line {
		t.Errorf("%q has become %q", line, got)
	}
	if len(ids) > 35 {
		t.Errorf("%d pieces in %q", len(ids), tokens(m, ids))
	}
	again, err := ParseModel(m.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids, again.NewEncoder().Encode(nil, line)) {
		t.Error("the file gives other ids")
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	text := prose(t)
	var first []byte
	for _, workers := range []int{1, 3, 7} {
		before := runtime.GOMAXPROCS(workers)
		m, err := Train(t.Context(), documents(text), TrainOptions{VocabSize: 500, Special: t5Specials})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = m.Marshal()
		} else if !bytes.Equal(first, m.Marshal()) {
			t.Errorf("%d workers make another model", workers)
		}
	}
}

func TestTrainByteFallback(t *testing.T) {
	text := prose(t)
	m, err := Train(t.Context(), documents(text), TrainOptions{VocabSize: 600, Special: []string{"<unk>", "<s>"}, ByteFallback: true})
	if err != nil {
		t.Fatal(err)
	}
	if m.Token(2) != "<0x00>" || m.Token(257) != "<0xFF>" || m.Size() != 600 {
		t.Errorf("pieces 2 and 257 of %d are %q and %q", m.Size(), m.Token(2), m.Token(257))
	}
	line := "the 字 of ☃"
	if got := m.Decode(tokens(m, m.NewEncoder().Encode(nil, line))); got != line {
		t.Errorf("%q has become %q", line, got)
	}
}

func TestTrainLittleText(t *testing.T) {
	m, err := Train(t.Context(), documents("abab </s> abab", "", "  "), TrainOptions{VocabSize: 1000, Special: t5Specials})
	if err != nil {
		t.Fatal(err)
	}
	if m.Size() >= 20 {
		t.Errorf("%d pieces of two characters", m.Size())
	}
	if id, ok := m.ids["</s>"]; ok {
		t.Errorf("the special name is the ordinary piece %d", id)
	}
}

func TestTrainErrors(t *testing.T) {
	failed := errors.New("disk on fire")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := func(yield func(string, error) bool) { yield("", failed) }
	for name, c := range map[string]struct {
		ctx  context.Context
		docs iter.Seq2[string, error]
		opts TrainOptions
		want error
	}{
		"no text":    {t.Context(), documents("", " \t"), TrainOptions{VocabSize: 100, Special: t5Specials}, wordcount.ErrNoText},
		"read error": {t.Context(), broken, TrainOptions{VocabSize: 100, Special: t5Specials}, failed},
		"canceled":   {canceled, documents("some text"), TrainOptions{VocabSize: 100, Special: t5Specials}, context.Canceled},
		"too small":  {t.Context(), documents(prose(t)), TrainOptions{VocabSize: 20, Special: t5Specials}, nil},
		"no unk":     {t.Context(), documents("a"), TrainOptions{VocabSize: 100, Special: []string{"<pad>"}}, nil},
		"twice":      {t.Context(), documents("a"), TrainOptions{VocabSize: 100, Special: []string{"<unk>", "<unk>"}}, nil},
		"no name":    {t.Context(), documents("a"), TrainOptions{VocabSize: 100, Special: []string{"<unk>", ""}}, nil},
		"no room":    {t.Context(), documents("a"), TrainOptions{VocabSize: 258, Special: t5Specials, ByteFallback: true}, nil},
		"coverage":   {t.Context(), documents("a"), TrainOptions{VocabSize: 100, Special: t5Specials, CharacterCoverage: 1.5}, nil},
		"NaN":        {t.Context(), documents("a"), TrainOptions{VocabSize: 100, Special: t5Specials, CharacterCoverage: math.NaN()}, nil},
		"byte name":  {t.Context(), documents("a"), TrainOptions{VocabSize: 600, Special: []string{"<unk>", "<0x41>"}, ByteFallback: true}, nil},
	} {
		_, err := Train(c.ctx, c.docs, c.opts)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got the error %v, want %v", name, err, c.want)
		}
	}
}

func TestCountForgetsTheRarest(t *testing.T) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "often%d rare%d ", i%10, i)
	}
	c, err := countRaw(t.Context(), documents(text.String()), 100)
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() > 100 {
		t.Errorf("%d words are kept", c.Len())
	}
	for i := range 10 {
		word := fmt.Sprintf("often%d", i)
		found := false
		for j := range c.Len() {
			if string(c.Word(j)) == word {
				found = true
				if c.Count(j) != 30 {
					t.Errorf("%s is counted %d times, want 30", word, c.Count(j))
				}
			}
		}
		if !found {
			t.Errorf("%s is forgotten", word)
		}
	}
}

// TestSeeds compares the seeds with a count of all substrings.
func TestSeeds(t *testing.T) {
	words := map[string]int64{"▁banana": 3, "▁bandana": 2, "▁ana": 1, "▁été": 2, "▁x1": 9, "▁x2": 1, "▁aaaa": 1, "▁ab▅ab": 2}
	counts := new(wordcount.Counts)
	all := make(map[string]int64)
	for word, n := range words {
		counts.Add(word, n)
		for i := range word {
			for j := i + 1; j <= len(word); j++ {
				if j == len(word) || utf8.RuneStart(word[j]) {
					all[word[i:j]] += n
				}
			}
		}
	}
	pieces, scores, err := seedPieces(t.Context(), counts, []wordcount.Character{{Rune: 'a', Count: 1}})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for i, p := range pieces[1:] {
		if _, ok := got[p]; ok {
			t.Errorf("%q is there twice", p)
		}
		got[p] = math.Exp(scores[i+1] - scores[0]) // relative to the 1 of "a"
	}
	s := newScripts()
	for sub, n := range all {
		// A piece that is always followed by the same character is none.
		maximal := true
		for next := range all {
			if len(next) > len(sub) && strings.HasPrefix(next, sub) && all[next] == n {
				maximal = false
			}
		}
		chars := utf8.RuneCountInString(sub)
		want := n >= 2 && chars >= 2 && maximal && s.valid([]byte(sub))
		score, ok := got[sub]
		if ok != want || ok && math.Abs(score-float64(n)*float64(chars)) > 1e-6 {
			t.Errorf("%q, %d times: got %v, %v, want %v", sub, n, ok, score, want)
		}
	}
}

func TestValidPieces(t *testing.T) {
	s := newScripts()
	for text, want := range map[string]bool{
		"ab": true, "▁ab": true, "a▁b": false, "ab▁": false, "▁": true, "a1": false, "12": true, "1,": true, "a.": false,
		"日本": true, "日ほ": true, "日カー": true, "日a": false, "жя": true, "жa": false, "e\u0301": true, "a▅": false, "\u0301a": true,
	} {
		if got := s.valid([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestExpectations compares the forward-backward algorithm with the sum over
// all segmentations, and with itself in logarithms.
func TestExpectations(t *testing.T) {
	pieces := []string{"a", "b", "ab", "ba", "aba", "abab"}
	scores := []float64{-2, -2.5, -3, -3.1, -4, -4.2}
	e, err := newEstimator(new(wordcount.Counts), pieces, scores)
	if err != nil {
		t.Fatal(err)
	}
	e.prepare()
	const word = "ababcba"
	want := make([]float64, len(pieces))
	z := 0.0
	var walk func(at int, score float64, used []int)
	walk = func(at int, score float64, used []int) {
		if at == len(word) {
			z += math.Exp(score)
			for _, id := range used {
				want[id] += math.Exp(score)
			}
			return
		}
		for id, p := range pieces {
			if strings.HasPrefix(word[at:], p) {
				walk(at+len(p), score+scores[id], append(slices.Clip(used), id))
			}
		}
		if word[at] == 'c' {
			walk(at+1, score+e.unkScore, used)
		}
	}
	walk(0, 0, nil)
	l := &lattice{e: e}
	got, logs := make([]int64, len(pieces)), make([]int64, len(pieces))
	l.expect([]byte(word), 10, got)
	l.expectLog(len(word), 10, logs)
	for id, p := range pieces {
		w := 10 * want[id] / z
		if math.Abs(float64(got[id])/fixedPoint-w) > 1e-5 || math.Abs(float64(logs[id])/fixedPoint-w) > 1e-5 {
			t.Errorf("%q: got %v and %v, want %v", p, float64(got[id])/fixedPoint, float64(logs[id])/fixedPoint, w)
		}
	}
	long := []byte(strings.Repeat("c", 900) + word)
	clear(got)
	l.expect(long, 10, got) // its probability is below the smallest float64
	for id, p := range pieces {
		if w := 10 * want[id] / z; p != "c" && math.Abs(float64(got[id])/fixedPoint-w) > 1e-5 {
			t.Errorf("%q in a long word: got %v, want %v", p, float64(got[id])/fixedPoint, w)
		}
	}
}

func TestDigamma(t *testing.T) {
	// Abramowitz and Stegun, table 6.1 and formula 6.3.3.
	for x, want := range map[float64]float64{1: -0.5772156649, 0.5: -1.9635100260, 2: 0.4227843351, 10: 2.2517525890} {
		if got := digamma(x); math.Abs(got-want) > 1e-9 {
			t.Errorf("digamma(%v) = %v, want %v", x, got, want)
		}
	}
}
