package wordpiece

import (
	"context"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/internal/benchtext"
)

func BenchmarkTrain(b *testing.B) {
	docs := strings.Split(benchtext.Megabytes(b, 8), "\n\n")
	for b.Loop() {
		if _, err := Train(context.Background(), texts(docs...), TrainOptions{VocabSize: 8192, Special: bertSpecials}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode encodes lines on one goroutine, the cache cold at first.
func BenchmarkEncode(b *testing.B) {
	text := benchtext.Megabytes(b, 8)
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
