package wordcount_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// lowercased counts lowercased words between spaces.
type lowercased struct{}

func (lowercased) Split(text string, yield func(string)) {
	for word := range strings.FieldsSeq(text) {
		yield(word)
	}
}

func (lowercased) Normalize(word []byte, yield func([]byte)) { yield(bytes.ToLower(word)) }

func newLowercased() wordcount.Splitter { return lowercased{} }

func texts(documents ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, d := range documents {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func TestCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	want := make(map[string]int64)
	var documents []string
	for range 300 {
		var words []string
		for range 1000 {
			word := fmt.Sprintf("Word%d", rng.IntN(1+rng.IntN(20000)))
			want[strings.ToLower(word)]++
			words = append(words, word)
		}
		documents = append(documents, strings.Join(words, " "))
	}
	counts, err := wordcount.Count(context.Background(), texts(documents...), newLowercased)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, maps.Collect(counts.All())); diff != "" {
		t.Errorf("counts (-want, +got):\n%s", diff)
	}
	if counts.Len() != len(want) {
		t.Errorf("%d words, want %d", counts.Len(), len(want))
	}
}

func TestCountStops(t *testing.T) {
	broken := errors.New("broken file")
	_, err := wordcount.Count(context.Background(), func(yield func(string, error) bool) {
		_ = yield("a", nil) && yield("", broken)
	}, newLowercased)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	large := strings.Repeat("word ", 1<<18)
	if _, err := wordcount.Count(ctx, texts(large, large, large, large), newLowercased); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestCountsZero(t *testing.T) {
	var c wordcount.Counts
	if c.Len() != 0 {
		t.Error("a new Counts is not empty")
	}
	c.Add("", 2)
	c.AddBytes([]byte("a"), 1)
	c.AddBytes(nil, 1)
	if diff := cmp.Diff(map[string]int64{"": 3, "a": 1}, maps.Collect(c.All())); diff != "" {
		t.Error(diff)
	}
}
