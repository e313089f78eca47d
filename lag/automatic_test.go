package lag_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
)

// TestAutoWorkers: a study with as many workers as a measurement chooses comes to the
// result of one process, and the choice is written down for the next time.
func TestAutoWorkers(t *testing.T) {
	if cores.Usable() < 2 {
		t.Skip("this machine has one core, which processes cannot share")
	}
	defer lag.MeasureFor(time.Millisecond)()
	cache, root := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	remembered := func() int {
		files, err := os.ReadDir(filepath.Join(cache, "lag", "workers"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return len(files)
	}
	config := smoke(t)
	alone := filepath.Join(root, "alone")
	if _, err := run(t, config, alone, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"measured", "remembered"} {
		dir := filepath.Join(root, name)
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, Workers: lag.AutoWorkers})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(resultBytes(t, alone, "result.json"), resultBytes(t, dir, "result.json")); diff != "" {
			t.Errorf("%s: the result differs: %s", name, diff)
		}
		if n := remembered(); n != 1 {
			t.Errorf("%s: %d choices are remembered, want 1", name, n)
		}
	}
}
