package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOtherFilesStay: commands that write one file do not overwrite files of another
// kind.
func TestOtherFilesStay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(file, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"data", "batches", "run", file}, {"report", "-o", file, "study"}} {
		var said strings.Builder
		if code := run(t.Context(), arguments, &said); code != 2 || !strings.Contains(said.String(), "end its name in .") {
			t.Errorf("%q exits with %d and says %q", arguments, code, said.String())
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != "{}" {
			t.Errorf("%q left %q, error %v", arguments, text, err)
		}
	}
	if err := named("Report.HTML", ".html", ".htm"); err != nil {
		t.Error(err)
	}
}
