package wordcount_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

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

func BenchmarkCount(b *testing.B) {
	documents := benchDocuments(b)
	b.SetBytes(16 << 20)
	for b.Loop() {
		if _, err := wordcount.Count(context.Background(), texts(documents...), newLowercased); err != nil {
			b.Fatal(err)
		}
	}
}
