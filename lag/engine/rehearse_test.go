package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestRehearse: after a rehearsal, which leaves no trace in the directory of
// runs, training compiles nothing more, and comes to the same.
func TestRehearse(t *testing.T) {
	testbackend.Slow(t, testbackend.XLA(t))
	task, kept := tinyTask(t), t.TempDir()
	task.ValidationBatches = 4 // evaluated together
	outcome := func(dir string, rehearse bool) (o train.Outcome) {
		t.Setenv(programs.Env, dir)
		s, err := Open(t.Context(), task, Options{Dir: filepath.Join(t.TempDir(), "runs"), Backend: backend.CPU})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		r := tinyRun(t, s, 1)
		if rehearse {
			if err := s.Rehearse(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(runDir(t, r)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the rehearsal leaves a directory of the run: %v", err)
			}
			if n := len(entries(t, kept)); n != 2 {
				t.Errorf("the rehearsal keeps %d programs, want 2: the evaluation and the step", n)
			}
		}
		if o, err = r.To(t.Context(), tinySteps); err != nil {
			t.Fatal(err)
		}
		return o
	}
	want := outcome(programs.Off, false)
	if diff := cmp.Diff(want, outcome(kept, true)); diff != "" {
		t.Errorf("after a rehearsal: %s", diff)
	}
	if n := len(entries(t, kept)); n != 2 {
		t.Errorf("training keeps more programs than the rehearsal, %d in all", n)
	}
	if diff := cmp.Diff(want, outcome(kept, false)); diff != "" {
		t.Errorf("with loaded programs: %s", diff)
	}
}

// TestRehearseGo: the pure-Go engine has nothing to compile.
func TestRehearseGo(t *testing.T) {
	s := tinySession(t, nil)
	r := tinyRun(t, s, 1)
	r.Batch = func(int) ([]train.Batch, error) { return nil, errors.New("there is a rehearsal") }
	if err := s.Rehearse(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
