package wordcount_test

import (
	"context"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/internal/benchtext"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

func BenchmarkCount(b *testing.B) {
	documents := strings.Split(benchtext.Megabytes(b, 16), "\n\n")
	b.SetBytes(16 << 20)
	for b.Loop() {
		if _, err := wordcount.Count(context.Background(), texts(documents...), newLowercased); err != nil {
			b.Fatal(err)
		}
	}
}
