package lag_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
)

// TestContinue trains runs of a study from the config.json in their directories
// and those of the runs that they grow from. The losses must be the same: for
// the source, a candidate and a decay branch.
func TestContinue(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Strategies, config.Growth.Rules = []string{"stack-gated", "random-top"}, []string{"lag:5", "decay:5,2"}
	dir := filepath.Join(root, "study")
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	kinds := make(map[progress.Phase]bool)
	for _, path := range runsOf(t, dir) {
		spec, err := engine.ReadSpec(path)
		if err != nil {
			t.Fatal(err)
		}
		kinds[spec.Kind] = true
		want := resultBytes(t, path, "result.json")
		// Copy only the configurations of the run and its ancestors.
		alone := filepath.Join(root, "alone-"+filepath.Base(path))
		for name := filepath.Base(path); name != ""; {
			copyFile(t, filepath.Join(alone, name, "config.json"), filepath.Join(dir, name, "config.json"))
			ancestor, err := engine.ReadSpec(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			name = ancestor.Parent
		}
		target := filepath.Join(alone, filepath.Base(path))
		done, err := lag.Continue(t.Context(), target, lag.Options{})
		if err != nil {
			t.Fatalf("%s: %v", spec.Kind, err)
		}
		if diff := cmp.Diff(want, resultBytes(t, target, "result.json")); diff != "" {
			t.Errorf("a %s run has another result: %s", spec.Kind, diff)
		}
		if done.Steps != spec.Schedule.Steps || done.Loss != done.Curve[len(done.Curve)-1].Loss {
			t.Errorf("a %s run: %d steps, loss %v", spec.Kind, done.Steps, done.Loss)
		}
	}
	for _, kind := range []progress.Phase{progress.PhasePretrain, progress.PhaseProbe, progress.PhaseBranch} {
		if !kinds[kind] {
			t.Errorf("no %s run was tried", kind)
		}
	}
}

// TestContinueTraining does the same with the training of one model that starts
// from another one.
func TestContinueTraining(t *testing.T) {
	root := t.TempDir()
	first := smallTraining(t, "bert")
	o := lag.Options{Dir: filepath.Join(root, "first"), DataDir: filepath.Join(root, ".lag-data"), Backend: backend.Go}
	base, err := lag.Train(t.Context(), first, o)
	if err != nil {
		t.Fatal(err)
	}
	second := smallTraining(t, "bert")
	second.Name, second.Data = "second", first.Data
	if err := second.SetInitial(base.Dir); err != nil {
		t.Fatal(err)
	}
	o.Dir = filepath.Join(root, "second")
	whole, err := lag.Train(t.Context(), second, o)
	if err != nil {
		t.Fatal(err)
	}
	want := resultBytes(t, whole.Dir, "result.json")

	// Where its initial model is, is written again by the same training.
	initial, origin := filepath.Join(whole.Dir, "initial.json"), resultBytes(t, whole.Dir, "initial.json")
	for _, damage := range []func() error{
		func() error { return os.Truncate(initial, 9) },
		func() error { return os.Remove(initial) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := lag.Continue(t.Context(), whole.Dir, lag.Options{}); err == nil || !strings.Contains(err.Error(), "start the same training again") {
			t.Errorf("the initial model is not known: got error %v", err)
		}
		if _, err := lag.Train(t.Context(), second, o); err != nil {
			t.Fatal(err)
		}
		if got := resultBytes(t, whole.Dir, "initial.json"); got != origin {
			t.Errorf("initial.json is %s, want %s", got, origin)
		}
	}
	for _, name := range []string{"result.json", "metrics.jsonl"} {
		if err := os.Remove(filepath.Join(whole.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(whole.Dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if _, err := lag.Continue(t.Context(), whole.Dir, lag.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := resultBytes(t, whole.Dir, "result.json"); got != want {
		t.Errorf("the results differ: %s", cmp.Diff(want, got))
	}
}

// TestContinueErrors checks that a run is refused if its configuration was
// changed, or its parent or its data is missing.
func TestContinueErrors(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack"}
	dir := filepath.Join(root, "study")
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	var candidate, source string
	for _, path := range runsOf(t, dir) {
		if spec, err := engine.ReadSpec(path); err == nil && spec.Kind == progress.PhaseProbe {
			candidate, source = path, filepath.Join(dir, spec.Parent)
		}
	}
	refused := func(what, want string) {
		t.Helper()
		if _, err := lag.Continue(t.Context(), candidate, lag.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", what, err, want)
		}
	}
	if _, err := lag.Continue(t.Context(), filepath.Join(root, "none"), lag.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no run: got error %v", err)
	}
	if err := os.Rename(filepath.Join(root, ".lag-data"), filepath.Join(root, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	refused("data gone", "prepared data")
	if err := os.Rename(filepath.Join(root, "elsewhere"), filepath.Join(root, ".lag-data")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(source); err != nil {
		t.Fatal(err)
	}
	refused("parent gone", "grows from")
	text := resultBytes(t, candidate, "config.json")
	if err := os.WriteFile(filepath.Join(candidate, "config.json"), []byte(strings.Replace(text, `"batch_size": 4`, `"batch_size": 2`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	refused("configuration changed", "was changed")
}

// runsOf returns the directories of a study's runs.
func runsOf(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() && len(e.Name()) == 16 {
			list = append(list, path)
		}
	}
	return list
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
