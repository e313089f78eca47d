package data

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer"
)

// childLimit is the size limit for files of a child process, in bytes.
const childLimit = "DATA_TEST_LIMIT"

// limitFiles makes large writes fail, as on a full disk.
func limitFiles() {
	n, err := strconv.ParseUint(os.Getenv(childLimit), 10, 64)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}

// TestFullDisk runs out of space in each of the files in turn.
func TestFullDisk(t *testing.T) {
	path := corpusFile(t, killedDocuments)
	whole := prepare(t, childConfig(path, tokenizer.WordPiece), t.TempDir())
	for _, name := range []string{"dataset.json", "validation.bin", "tokenizer.json", "train.idx", "train.bin"} {
		info, err := os.Stat(filepath.Join(whole.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		out, err := runChild(t, path, tokenizer.WordPiece, dir, "", childLimit+"="+strconv.FormatInt(info.Size()-1, 10))
		if err == nil || !strings.Contains(out, "file too large") || !strings.Contains(out, dir) || strings.Count(out, "\n") != 1 {
			t.Errorf("no room for %s: %v, %s", name, err, out)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 2 || left[0].Name() != ".lock" || left[1].Name() != dirCorpora {
			t.Errorf("no room for %s: %v is left, %v", name, left, err)
		}
	}
}
