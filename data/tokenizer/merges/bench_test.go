package merges_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/landscape-aware/growing/data/tokenizer/merges"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// benchDocuments returns 16 MB of Wikipedia, or skips.
func benchDocuments(b *testing.B) []string {
	b.Helper()
	f, err := os.Open("../../../../shared/corpora/enwiki2015-50MiB.txt.zst")
	if err != nil {
		b.Skipf("no text: %v", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	data := make([]byte, 16<<20)
	if _, err := io.ReadFull(z, data); err != nil {
		b.Fatal(err)
	}
	return strings.Split(string(data), "\n\n")
}

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
	documents := benchDocuments(b)
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
