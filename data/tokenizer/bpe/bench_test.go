package bpe_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
)

// benchLines returns 8 MB of Wikipedia in lines, or skips.
func benchLines(b *testing.B) []string {
	b.Helper()
	f, err := os.Open(shared + "corpora/enwiki2015-50MiB.txt.zst")
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
	if _, err := io.ReadFull(z, data); err != nil {
		b.Fatal(err)
	}
	return strings.Split(string(data), "\n")
}

func BenchmarkTrain(b *testing.B) {
	lines := benchLines(b)
	b.SetBytes(8 << 20)
	for b.Loop() {
		if _, err := bpe.Train(context.Background(), texts(lines...), bpe.TrainOptions{VocabSize: 8192}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode encodes lines on one goroutine, the cache cold at first.
func BenchmarkEncode(b *testing.B) {
	lines := benchLines(b)
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
