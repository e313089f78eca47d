// Package benchtext gives the benchmarks of tokenizers real text.
package benchtext

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Megabytes returns the first n·2^20 bytes of an extract of Wikipedia, broken
// characters at the cut removed. It skips the benchmark where the extract is
// absent: it stands beside the checkout, not in it.
func Megabytes(b *testing.B, n int) string {
	b.Helper()
	_, file, _, _ := runtime.Caller(0)
	f, err := os.Open(filepath.Join(filepath.Dir(file), "../../../../../shared/corpora/enwiki2015-50MiB.txt.zst"))
	if err != nil {
		b.Skipf("no text: %v", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	text := make([]byte, n<<20)
	if _, err := io.ReadFull(z, text); err != nil {
		b.Fatal(err)
	}
	return strings.ToValidUTF8(string(text), "")
}
