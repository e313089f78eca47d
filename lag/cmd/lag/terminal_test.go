package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoEscapeCodes: names on disk and on the command line reach the terminal
// without the codes that a terminal obeys.
func TestNoEscapeCodes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a\x1b[31mb\nc")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"runs", "clean", dir}, &out); code != exitFailure || strings.ContainsRune(out.String(), '\x1b') || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("exit code %d, %q", code, out.String())
	}
}
