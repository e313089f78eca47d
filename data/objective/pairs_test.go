package objective

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// library is a store of documents that end with [SEP].
type library struct {
	sequence
	ends []int64
}

// newLibrary returns documents with the given lengths, not counting [SEP]. The
// tokens show their position: 5, 6, 7, ... through all documents.
func newLibrary(lengths ...int) library {
	var l library
	for _, n := range lengths {
		for range n {
			l.sequence = append(l.sequence, int32(5+len(l.sequence)))
		}
		l.sequence = append(l.sequence, 3)
		l.ends = append(l.ends, l.Len())
	}
	return l
}

func (l library) Documents() int { return len(l.ends) }

func (l library) Document(i int) (lo, hi int64) {
	if i > 0 {
		lo = l.ends[i-1]
	}
	return lo, l.ends[i]
}

// of returns the document of a token.
func (l library) of(id int32) int {
	i, _ := slices.BinarySearch(l.ends, int64(id-5)+1)
	return i
}

// pair is a parsed example.
type pair struct {
	a, b []int32
	next bool
}

// unmask restores the labels of a row.
func unmask(b MLMBatch, row int) []int32 {
	tokens := slices.Clone(b.Tokens[row*b.Length : (row+1)*b.Length])
	for i := row * b.Predictions; i < (row+1)*b.Predictions; i++ {
		if b.Weights[i] != 0 {
			tokens[b.Positions[i]] = b.Labels[i]
		}
	}
	return tokens
}

// takeApart parses a row of sentence pairs and checks its layout.
func takeApart(t *testing.T, b MLMBatch, row int, v Vocabulary) pair {
	t.Helper()
	tokens, segments := unmask(b, row), b.Segments[row*b.Length:(row+1)*b.Length]
	n := int(b.Lengths[row])
	if tokens[0] != v.Cls || tokens[n-1] != v.Sep {
		t.Fatalf("a row of %d from %d to %d", n, tokens[0], tokens[n-1])
	}
	for i := n; i < b.Length; i++ {
		if tokens[i] != v.Pad || segments[i] != 0 {
			t.Fatalf("padding with token %d, segment %d", tokens[i], segments[i])
		}
	}
	sep := slices.Index(tokens, v.Sep)
	for i := range n {
		if want := int32(map[bool]int{true: 1}[i > sep]); segments[i] != want {
			t.Fatalf("segments %v of %v", segments, tokens)
		}
	}
	p := pair{tokens[1:sep], tokens[sep+1 : n-1], b.NextSentence[row] == 0}
	if len(p.a) == 0 || len(p.b) == 0 || slices.Contains(p.b, v.Sep) {
		t.Fatalf("sentences %v and %v", p.a, p.b)
	}
	return p
}

func TestPairs(t *testing.T) {
	store := newLibrary(40, 0, 1, 7, 300, 2, 90, 0)
	v := vocab(6 + len(store.sequence))
	m := MLM{SequenceLength: 24, MaskProbability: 0.15, Pairs: DefaultSentencePairs()}
	s := sampler(t, m, store, v, 8, 1)
	documents := make(map[int]bool)
	long := 0
	for step := range int64(500) {
		b := batch(t, s, step)
		for row := range b.Size {
			p := takeApart(t, b, row, v)
			for _, run := range [][]int32{p.a, p.b} {
				for i, id := range run {
					if id != run[0]+int32(i) || store.of(id) != store.of(run[0]) {
						t.Fatalf("%v is no run of tokens of a document", run)
					}
				}
			}
			first, second := store.of(p.a[0]), store.of(p.b[0])
			documents[first] = true
			if p.next != (first == second) {
				t.Fatalf("documents %d and %d, but next is %v", first, second, p.next)
			}
			if p.next && p.b[0] != p.a[len(p.a)-1]+1 {
				t.Fatalf("%v does not follow %v", p.b, p.a)
			}
			if len(p.a)+len(p.b) == 21 {
				long++
			}
			predicted := 0
			for _, w := range b.Weights[row*b.Predictions : (row+1)*b.Predictions] {
				predicted += int(w)
			}
			if want := m.Predictions(int(b.Lengths[row])); predicted != want {
				t.Fatalf("%d predictions in a row of %d, want %d", predicted, b.Lengths[row], want)
			}
		}
	}
	if len(documents) != 6 {
		t.Errorf("first sentences come from documents %v only", documents)
	}
	if long < 2000 {
		t.Errorf("%d of 4000 rows are full", long)
	}
}

// TestPairFrequencies checks the frequency of next sentences, where chunks are
// divided, and from which documents and places random sentences come.
func TestPairFrequencies(t *testing.T) {
	store := newLibrary(200, 200, 200, 200, 200)
	v := vocab(6 + len(store.sequence))
	s := sampler(t, MLM{SequenceLength: 13, MaskProbability: 0.15, Pairs: &SentencePairs{RandomNext: 0.5}}, store, v, 50, 3)
	var next, random, total float64
	cuts := make(map[int]float64)
	others := make(map[int]float64)
	starts := make(map[int]float64)
	for step := range int64(400) {
		b := batch(t, s, step)
		for row := range b.Size {
			p := takeApart(t, b, row, v)
			total++
			if p.next {
				next++
				if len(p.a)+len(p.b) != 10 {
					t.Fatalf("sentences of %d and %d", len(p.a), len(p.b))
				}
			} else {
				random++
				others[(store.of(p.b[0])-store.of(p.a[0])+5)%5]++
				starts[(int(p.b[0]-5)%201)/20]++ // of 200
			}
			cuts[len(p.a)]++
		}
	}
	chiSquare(t, "next or random", []float64{next, random}, []float64{total / 2, total / 2})
	if len(cuts) != 9 || len(others) != 4 || len(starts) != 10 {
		t.Errorf("%d cuts, %d other documents, starts in %d tenths", len(cuts), len(others), len(starts))
	}
	uniform(t, "tokens of A", cuts, int(total))
	uniform(t, "other documents", others, int(random))
	uniform(t, "where B begins", starts, int(random))
}

func TestShortPairs(t *testing.T) {
	store := newLibrary(500, 500)
	v := vocab(6 + len(store.sequence))
	s := sampler(t, MLM{SequenceLength: 13, MaskProbability: 0.15, Pairs: &SentencePairs{ShortProbability: 1}}, store, v, 50, 3)
	lengths := make(map[int]float64)
	for step := range int64(200) {
		b := batch(t, s, step)
		for row := range b.Size {
			if p := takeApart(t, b, row, v); !p.next {
				t.Fatal("a random sentence at probability 0")
			}
			lengths[int(b.Lengths[row])-3]++
		}
	}
	if len(lengths) != 9 { // 2 to 10
		t.Errorf("lengths %v", lengths)
	}
	uniform(t, "lengths", lengths, 10000)
}

func TestPairsNeedDocuments(t *testing.T) {
	m := DefaultMLM(16)
	m.Pairs = DefaultSentencePairs()
	for _, c := range []struct {
		store Tokens
		want  string
	}{
		{counting(500), "index of documents"},
		{newLibrary(500), "need two documents with text, and the store has 1"},
		{newLibrary(0, 500, 0), "the store has 1"},
	} {
		if _, err := NewMLMSampler(m, c.store, vocab(600), 2, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestWholeWords checks that each word is masked completely or not at all.
func TestWholeWords(t *testing.T) {
	// Ids divisible by 3 begin a word; others continue it.
	v := vocab(2005)
	v.Continues = func(id int32) bool { return id >= 5 && id%3 != 0 }
	store := counting(2000)
	for i := 60; i < len(store); i += 61 {
		store[i] = 3
	}
	m := MLM{SequenceLength: 30, MaskProbability: 0.15, WholeWords: true} // at most 4 or 5 predictions
	s := sampler(t, m, store, v, 10, 1)
	for step := range int64(50) {
		b := batch(t, s, step)
		for row := range b.Size {
			tokens := unmask(b, row)
			masked := make([]bool, b.Length)
			n := 0
			for i := row * b.Predictions; i < (row+1)*b.Predictions; i++ {
				if b.Weights[i] != 0 {
					masked[b.Positions[i]] = true
					n++
				}
			}
			for i := 2; i < b.Length-1; i++ {
				if tokens[i] >= 5 && tokens[i-1] >= 5 && tokens[i]%3 != 0 && masked[i] != masked[i-1] {
					t.Fatalf("a part of a word is masked: %v of %v", masked, tokens)
				}
			}
			if n == 0 || n > 4 {
				t.Errorf("%d predictions", n)
			}
		}
	}
}

// TestWholeWordFrequency checks the frequencies of a case that can be counted
// by hand: words of 1, 2 and 3 tokens, 3 predictions. Two of the six orders
// begin with the word of 3, which fills the row; in the others it is skipped.
func TestWholeWordFrequency(t *testing.T) {
	v := vocab(20)
	v.Continues = func(id int32) bool { return id >= 10 }
	store := make(sequence, 6*600)
	for i := range store {
		store[i] = []int32{5, 6, 10, 7, 11, 12}[i%6]
	}
	m := MLM{SequenceLength: 8, MaskProbability: 0.375, WholeWords: true}
	s := sampler(t, m, store, v, 50, 1)
	counts := make(map[string]float64)
	for step := range int64(400) {
		b := batch(t, s, step)
		for row := range b.Size {
			if tokens := unmask(b, row); tokens[1] == 5 { // windows elsewhere cut words
				counts[fmt.Sprint(b.Positions[row*3:row*3+3])]++
			}
		}
	}
	a, b := counts["[1 2 3]"], counts["[4 5 6]"]
	if len(counts) != 2 || a+b < 1000 {
		t.Fatalf("masks %v", counts)
	}
	chiSquare(t, "words", []float64{a, b}, []float64{(a + b) * 4 / 6, (a + b) * 2 / 6})
}
