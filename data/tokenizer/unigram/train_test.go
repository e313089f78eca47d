package unigram

import (
	"context"
	"iter"
	"os"
	"strings"
	"testing"
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

func BenchmarkTrain(b *testing.B) {
	docs := strings.Split(corpus(b, 20_000_000), "\n\n")
	for b.Loop() {
		m, err := Train(context.Background(), documents(docs...), TrainOptions{VocabSize: 8000, Special: []string{"<unk>", "<s>", "</s>"}, Progress: func(d, t int64) { b.Log(d, t) }})
		if err != nil {
			b.Fatal(err)
		}
		if f := os.Getenv("SAVE"); f != "" {
			os.WriteFile(f, m.Marshal(), 0o644)
		}
	}
}
