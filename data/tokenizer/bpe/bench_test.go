package bpe_test

import (
	"context"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/internal/benchtext"
)

func BenchmarkTrain(b *testing.B) {
	lines := strings.Split(benchtext.Megabytes(b, 8), "\n")
	b.SetBytes(8 << 20)
	for b.Loop() {
		if _, err := bpe.Train(context.Background(), texts(lines...), bpe.TrainOptions{VocabSize: 8192}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode encodes lines on one goroutine, the cache cold at first.
func BenchmarkEncode(b *testing.B) {
	lines := strings.Split(benchtext.Megabytes(b, 8), "\n")
	for _, c := range []struct{ name, pattern, normalizer string }{
		{"GPT2", bpe.PatternGPT2, ""},
		{"GPT4", bpe.PatternGPT4, ""},
		{"Qwen2", bpe.PatternQwen2, "NFC"},
		{"other", `[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			m, err := bpe.Train(context.Background(), texts(lines[:4000]...), bpe.TrainOptions{
				VocabSize: 8192, Pattern: c.pattern, Normalizer: c.normalizer,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(8 << 20)
			var ids []int32
			for b.Loop() {
				e := m.NewEncoder()
				for _, line := range lines {
					ids = e.Encode(ids[:0], line)
				}
			}
		})
	}
}

// BenchmarkEncodeLong encodes a megabyte without a space.
func BenchmarkEncodeLong(b *testing.B) {
	m := trained(b)
	text := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 1<<20/26)
	b.SetBytes(int64(len(text)))
	e := m.NewEncoder()
	var ids []int32
	for b.Loop() {
		ids = e.Encode(ids[:0], text)
	}
}
