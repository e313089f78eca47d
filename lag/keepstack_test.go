package lag_test

import (
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestKeepStacking runs a stacking with both policies, and with several workers. The
// results must be the same; of what is needed, the final models alone are left.
func TestKeepStacking(t *testing.T) {
	config, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	small := smoke(t)
	config.Data, config.Objective, config.BatchSize = small.Data, small.Objective, small.BatchSize
	if config.Model, err = small.Model.WithDepths(2); err != nil {
		t.Fatal(err)
	}
	config.Seeds = []int64{1, 2}
	root := t.TempDir()
	all, needed, joined := filepath.Join(root, "all"), filepath.Join(root, "needed"), filepath.Join(root, "joined")
	stack := func(dir string, keep lag.Keep) {
		t.Helper()
		config.Keep = keep
		if _, err := lag.Stack(t.Context(), config, lag.Options{Dir: dir, Backend: backend.Go}); err != nil {
			t.Fatal(err)
		}
	}
	stack(all, lag.KeepAll)
	stack(needed, "")
	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() {
			if _, err := lag.JoinStacking(t.Context(), config, lag.Options{Dir: joined, Backend: backend.Go}); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	stack(joined, lag.KeepNeeded)

	last := config.Stages[len(config.Stages)-1].Depths
	want := make(map[string][]string)
	for name, states := range statesOf(t, all) {
		dir := filepath.Join(all, name)
		spec, err := engine.ReadSpec(dir)
		if err != nil {
			t.Fatal(err)
		}
		if train.IsComplete(dir) && slices.Equal(spec.Model.Depths(), last) {
			want[name] = states[len(states)-1:]
		}
	}
	if len(want) < 2 || len(want) >= len(statesOf(t, all))/2 {
		t.Fatalf("of %d runs %d are final models", len(statesOf(t, all)), len(want))
	}
	for _, dir := range []string{needed, joined} {
		if resultBytes(t, all, result.StackingResult) != resultBytes(t, dir, result.StackingResult) {
			t.Errorf("%s: the result differs", dir)
		}
		if diff := cmp.Diff(want, statesOf(t, dir)); diff != "" {
			t.Errorf("%s: states, want and got:\n%s", dir, diff)
		}
		if len(runsOf(t, dir)) != len(runsOf(t, all)) {
			t.Errorf("%s has %d runs, want %d", dir, len(runsOf(t, dir)), len(runsOf(t, all)))
		}
		for name := range maps.Keys(want) {
			if _, err := trained.Load(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	}

	// Asking again changes nothing.
	before := statesOf(t, all)
	stack(all, lag.KeepNeeded)
	if diff := cmp.Diff(before, statesOf(t, all)); diff != "" {
		t.Errorf("asked again, states before and after:\n%s", diff)
	}

	// What was kept beside the result of fewer seeds stays.
	extended := filepath.Join(root, "extended")
	config.Seeds = config.Seeds[:1]
	stack(extended, lag.KeepAll)
	kept := maps.Clone(want)
	maps.Copy(kept, statesOf(t, extended))
	config.Seeds = []int64{1, 2}
	stack(extended, lag.KeepNeeded)
	if diff := cmp.Diff(kept, statesOf(t, extended)); diff != "" {
		t.Errorf("with another seed, states, want and got:\n%s", diff)
	}
}
