package train

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSetAsideTwice damages the same files of a run twice. What was set aside
// first stays, and all of it is listed.
func TestSetAsideTwice(t *testing.T) {
	run := t.TempDir()
	state := checkpointPath(CheckpointDir(run), 7)
	if err := os.Mkdir(CheckpointDir(run), 0o777); err != nil {
		t.Fatal(err)
	}
	files := []string{outcomePath(run), metricsPath(run), state}
	for _, contents := range []string{"first", "second"} {
		for _, path := range files {
			if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := setAside(files); err != nil {
			t.Fatal(err)
		}
	}
	states, damaged, err := CheckpointFiles(run)
	if err != nil || len(states) != 0 || len(damaged) != 6 {
		t.Errorf("got the states %q and the damaged files %q, %v", states, damaged, err)
	}
	for _, path := range files {
		for contents, aside := range map[string]string{"first": path + ".damaged", "second": path + ".2.damaged"} {
			if text, err := os.ReadFile(aside); err != nil || string(text) != contents || !slices.Contains(damaged, aside) {
				t.Errorf("%s holds %q, %v, and must be listed", filepath.Base(aside), text, err)
			}
		}
	}
}
