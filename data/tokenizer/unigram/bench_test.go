package unigram

import (
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const golden = "../../../../shared/golden/tokenizers/"

// corpus returns the first size bytes of Wikipedia, or skips.
func corpus(tb testing.TB, size int) string {
	f, err := os.Open("../../../../shared/corpora/enwiki2015-50MiB.txt.zst")
	if err != nil {
		tb.Skipf("no text: %v", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	data := make([]byte, size)
	n := 0
	for n < len(data) {
		k, err := z.Read(data[n:])
		if n += k; err != nil {
			break
		}
	}
	return string(data[:n])
}

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

// BenchmarkEncode encodes 20 MB of lines on one goroutine, the cache cold at
// first.
func BenchmarkEncode(b *testing.B) {
	m := goldenModel(b)
	text := corpus(b, 20_000_000)
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
	lines := strings.Split(corpus(b, 20_000_000), "\n")
	for b.Loop() {
		if _, err := Train(b.Context(), documents(lines...), TrainOptions{VocabSize: 8000, Special: t5Specials}); err != nil {
			b.Fatal(err)
		}
	}
}
