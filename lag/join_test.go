package lag_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
)

// join takes part in a study as a worker.
func join(t *testing.T, config lag.StudyConfig, o lag.Options) ([]engine.Held, error) {
	t.Helper()
	o.Backend = backend.Go
	s, err := lag.Open(config, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Join(t.Context())
}

// TestJoin checks that one worker trains everything, that Run then makes the result
// of a study without workers, and what a worker refuses.
func TestJoin(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	alone, dir := filepath.Join(root, "alone"), filepath.Join(root, "joined")
	if _, err := run(t, config, alone, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left, err := s.Join(t.Context()); err != nil || len(left) > 0 {
		t.Fatalf("left %v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(dir, result.StudyResult)); err == nil {
		t.Error("the worker wrote a result")
	}
	if _, err := s.Run(t.Context()); err != nil { // the same study, no longer as a worker
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(alone, result.StudyResult))
	if err != nil {
		t.Fatal(err)
	}
	same := func() bool {
		got, err := os.ReadFile(filepath.Join(dir, result.StudyResult))
		return err == nil && bytes.Equal(got, want)
	}
	if !same() {
		t.Error("the result differs from that of a study without workers")
	}

	if _, err := join(t, config, lag.Options{Dir: dir, Workers: 2}); err == nil || !strings.Contains(err.Error(), "2 workers") {
		t.Errorf("with workers of its own: %v", err)
	}
	other := config
	other.Growth.Schedule.Peak *= 2
	if _, err := join(t, other, lag.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another configuration than this worker") {
		t.Errorf("another configuration: %v", err)
	}
	if !same() {
		t.Error("a worker that was refused changed the result")
	}

	// Whatever happens to the file, it keeps nobody out.
	random := rand.New(rand.NewPCG(1, 2))
	for _, d := range allDamages {
		team := filepath.Join(dir, engine.TeamFile)
		if err := d.do(random, team, filepath.Join(alone, result.StudyConfig)); err != nil {
			t.Fatal(err)
		}
		if _, err := join(t, config, lag.Options{Dir: dir}); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

// TestJoinStackingRefuses checks what a worker of a stacking refuses.
func TestJoinStackingRefuses(t *testing.T) {
	c, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "stacking")
	if _, err := lag.JoinStacking(t.Context(), c, lag.Options{Dir: dir, Workers: 2}); err == nil || !strings.Contains(err.Error(), "2 workers") {
		t.Errorf("with workers of its own: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it made the directory")
	}
}
