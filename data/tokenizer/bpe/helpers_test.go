package bpe_test

import (
	"context"
	"iter"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
)

// shared is where the project's shared files are.
const shared = "../../../../shared/"

func texts(documents ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, d := range documents {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// trained returns a small model.
func trained(t testing.TB) *bpe.Model {
	t.Helper()
	m, err := bpe.Train(context.Background(), texts(
		"the cat sat on the mat, the cat's hat; they're in the house's attic",
		"abcdefghijklmnopqrstuvwxyz abcdefgh abcd ijkl mnop",
		"naïve café, Zürich, 12345 67890 日本語 日本 😀😀",
	), bpe.TrainOptions{VocabSize: 320, Special: []string{"<|endoftext|>"}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
