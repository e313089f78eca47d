package lag_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/selection"
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
		if files, _ := filepath.Glob(filepath.Join(cache, "lag", "workers", "*.json")); len(files) == 1 {
			text, err := os.ReadFile(files[0])
			if err != nil || strings.Count(string(text), `"steps_per_second"`) < 2 {
				t.Errorf("%s: fewer than two numbers of processes were measured: %s, %v", name, text, err)
			}
		}
		if n := remembered(); n != 1 {
			t.Errorf("%s: %d choices are remembered, want 1", name, n)
		}
	}
}

// TestAutoWorkersRefused: a measurement of this machine's cores says nothing of other
// machines or of devices that train together, and what is one run shares nothing.
func TestAutoWorkersRefused(t *testing.T) {
	config := smoke(t)
	open := func(change func(*lag.Options)) (*lag.Study, error) {
		o := lag.Options{Dir: t.TempDir(), Backend: backend.Go, Workers: lag.AutoWorkers}
		change(&o)
		return lag.Open(config, o)
	}
	if _, err := open(func(o *lag.Options) { o.On = cluster.NewSlurm() }); err == nil || !strings.Contains(err.Error(), "of another engine") {
		t.Errorf("with an engine: error %v", err)
	}
	if _, err := open(func(o *lag.Options) { o.Devices = 2 }); err == nil || !strings.Contains(err.Error(), "one device each, not of 2") {
		t.Errorf("with two devices: error %v", err)
	}
	s, err := open(func(*lag.Options) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	rule, err := selection.Parse("lag:2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Select(t.Context(), rule, 1); err == nil || !strings.Contains(err.Error(), "workers by measurement have nothing to share") {
		t.Errorf("a pick: error %v", err)
	}
	if _, err := s.Join(t.Context()); err == nil || !strings.Contains(err.Error(), "workers by measurement were asked for") {
		t.Errorf("a worker that joins: error %v", err)
	}
}
