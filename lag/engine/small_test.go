package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	_ "github.com/landscape-aware/growing/lag/internal/testbackend" // logs only errors, does not wait for the disk
	"github.com/landscape-aware/growing/lag/model"
	_ "github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// tinyTask is the masked language model of a few hundred weights.
func tinyTask(t *testing.T) Task {
	t.Helper()
	var text strings.Builder
	for i := range 60 {
		for j := range 40 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	path := filepath.Join(t.TempDir(), "corpus.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := model.New("bert", "layers=1 hidden=4 heads=1 vocabulary=48 length=8")
	if err != nil {
		t.Fatal(err)
	}
	d := data.DefaultConfig()
	d.Corpus.Source, d.VocabSize = path, 48
	task := Task{
		Data: d, Model: m, Objective: objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(8)},
		BatchSize: 2, ValidationBatches: 1, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
	}
	if err := task.Validate(); err != nil {
		t.Fatal(err)
	}
	return task
}

// tinySession opens a session on the pure-Go backend. Its events are passed to observe.
func tinySession(t *testing.T, observe progress.Observer) *Session {
	t.Helper()
	s, err := Open(t.Context(), tinyTask(t), Options{Dir: filepath.Join(t.TempDir(), "runs"), Backend: backend.Go, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const tinySteps = 4

// tinyRun returns a run of 4 steps from initial weights. Runs differ by their seeds.
func tinyRun(t *testing.T, s *Session, seed int64) *Run {
	t.Helper()
	spec := s.Spec(progress.PhasePretrain, s.task.Model, seed, train.Schedule{Kind: train.Constant, Peak: 1e-3, Steps: tinySteps}, []int{0, 2, tinySteps})
	r, err := s.NewRun(spec, nil, train.Checkpoints{Every: 2}, progress.Event{Phase: spec.Kind, Run: fmt.Sprint("run ", seed), Seed: seed, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// occupied locks the directory of a run, as another process does that trains it.
func occupied(t *testing.T, r *Run) (release func()) {
	t.Helper()
	dir := runDir(t, r)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, ok, err := train.TryLock(dir)
	if err != nil || !ok {
		t.Fatalf("locking %s: %t, %v", dir, ok, err)
	}
	return unlock
}

func runDir(t *testing.T, r *Run) string {
	t.Helper()
	dir, err := r.Dir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
