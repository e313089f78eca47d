package wordpiece

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// benchText returns up to 8 MB of Wikipedia, or skips.
func benchText(b *testing.B) string {
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
	data := make([]byte, 8<<20)
	n := 0
	for n < len(data) {
		k, err := z.Read(data[n:])
		if n += k; err != nil {
			break
		}
	}
	return strings.ToValidUTF8(string(data[:n]), "")
}

func BenchmarkTrain(b *testing.B) {
	docs := strings.Split(benchText(b), "\n\n")
	for b.Loop() {
		if _, err := Train(context.Background(), texts(docs...), TrainOptions{VocabSize: 8192, Special: bertSpecials}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode encodes lines on one goroutine, the cache cold at first.
func BenchmarkEncode(b *testing.B) {
	text := benchText(b)
	lines := strings.Split(text, "\n")
	tok := train(b, TrainOptions{VocabSize: 8192, Special: bertSpecials}, lines...)
	b.SetBytes(int64(len(text)))
	var ids []int32
	for b.Loop() {
		e := tok.NewEncoder()
		for _, line := range lines {
			ids = e.Encode(ids[:0], line)
		}
	}
}
