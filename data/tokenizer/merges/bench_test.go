package merges_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/internal/benchtext"
	"github.com/landscape-aware/growing/data/tokenizer/merges"
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

// BenchmarkLearn learns a vocabulary of 8192 from bytes.
func BenchmarkLearn(b *testing.B) {
	documents := strings.Split(benchtext.Megabytes(b, 16), "\n\n")
	counts, err := wordcount.Count(context.Background(), func(yield func(string, error) bool) {
		for _, d := range documents {
			if !yield(d, nil) {
				return
			}
		}
	}, func() wordcount.Splitter { return lowercased{} })
	if err != nil {
		b.Fatal(err)
	}
	tokens := make([]string, 256)
	for i := range tokens {
		tokens[i] = string([]byte{byte(i)})
	}
	for b.Loop() {
		var words merges.Words
		var ids []int32
		for word, n := range counts.All() {
			ids = ids[:0]
			for _, c := range []byte(word) {
				ids = append(ids, int32(c))
			}
			words.Add(ids, n)
		}
		if _, _, err := merges.Learn(context.Background(), slices.Clone(tokens), &words, merges.Options{VocabSize: 8192, MinFrequency: 2}); err != nil {
			b.Fatal(err)
		}
	}
}
