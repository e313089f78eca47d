package unigram

import (
	"os"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer/internal/benchtext"
)

const golden = "../../../../shared/golden/tokenizers/"

func goldenModel(tb testing.TB) *Model {
	data, err := os.ReadFile(golden + "sp_unigram.model")
	if err != nil {
		tb.Skipf("no model: %v", err)
	}
	m, err := ParseModel(data)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// BenchmarkEncode encodes 19 MB of lines on one goroutine, the cache cold at
// first.
func BenchmarkEncode(b *testing.B) {
	m := goldenModel(b)
	text := benchtext.Megabytes(b, 19)
	lines := strings.Split(text, "\n")
	b.SetBytes(int64(len(text)))
	var ids []int32
	for b.Loop() {
		e := m.NewEncoder()
		for _, line := range lines {
			ids = e.Encode(ids[:0], line)
		}
	}
}

func BenchmarkParseModel(b *testing.B) {
	data := goldenModel(b).Marshal()
	for b.Loop() {
		if _, err := ParseModel(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	lines := strings.Split(benchtext.Megabytes(b, 19), "\n")
	for b.Loop() {
		if _, err := Train(b.Context(), documents(lines...), TrainOptions{VocabSize: 8000, Special: t5Specials}); err != nil {
			b.Fatal(err)
		}
	}
}
