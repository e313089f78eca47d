package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// checkpoints returns the names in a run's directory of checkpoints.
func checkpoints(t *testing.T, run *train.Run) []string {
	t.Helper()
	entries, err := os.ReadDir(train.CheckpointDir(dirOf(t, run)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func checkpointNames(steps ...int) []string {
	var names []string
	for _, step := range steps {
		names = append(names, fmt.Sprintf("step-%08d.safetensors", step))
	}
	return names
}

func TestSaveAndLoad(t *testing.T) {
	for _, optimizer := range optimizers {
		dir := filepath.Join(t.TempDir(), "checkpoint")
		if _, err := train.LoadCheckpoint(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("no checkpoint: got error %v, want %v", err, os.ErrNotExist)
		}
		snap, err := train.NewState(model.Parameters(), optimizer, 1).Snapshot(model.Parameters(), optimizer)
		if err != nil {
			t.Fatal(err)
		}
		snap.Step = 123456789 // more digits than names are padded to
		for name := range snap.Updates {
			snap.Updates[name] = len(name)
		}
		if err := train.SaveCheckpoint(dir, snap); err != nil {
			t.Fatal(err)
		}
		got, err := train.LoadCheckpoint(dir)
		if err != nil || !reflect.DeepEqual(got, snap) {
			t.Errorf("%s: a checkpoint does not come back as it was saved: %v", optimizer.Name(), err)
		}
	}
}

// TestKeep checks which checkpoints stay.
func TestKeep(t *testing.T) {
	for _, test := range []struct {
		checkpoints train.Checkpoints
		want        []int
	}{
		{train.Checkpoints{}, []int{40}},
		{train.Checkpoints{Every: 10}, []int{30, 40}},
		{train.Checkpoints{Every: 15}, []int{30, 40}},
		{train.Checkpoints{Every: 10, Keep: 1}, []int{40}},
		{train.Checkpoints{Every: 10, Keep: 3, KeepAt: []int{7, 10, 99}}, []int{7, 10, 20, 30, 40}},
		{train.Checkpoints{Every: 10, KeepAt: []int{0}}, []int{0, 30, 40}},
	} {
		run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
		run.Checkpoints = test.checkpoints
		do(t, run)
		if got := checkpoints(t, run); !slices.Equal(got, checkpointNames(test.want...)) {
			t.Errorf("%+v: got %v, want those of %v", test.checkpoints, got, test.want)
		}
	}
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	run.Checkpoints.Keep = -1
	if _, err := run.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("-1 checkpoints: %v", err)
	}
}

// TestCorruption changes a byte of the newest checkpoint, at 100 places, and
// cuts it at 20: it is always noticed, and the run goes on from the checkpoint
// before it to the end of an undisturbed run.
func TestCorruption(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		whole := adamwRun(t, b, t.TempDir(), 1e-2)
		do(t, whole)
		want := endOf(t, whole)

		stopped := adamwRun(t, b, t.TempDir(), 1e-2)
		stopped.Checkpoints.KeepAt = []int{38}
		interrupt(t, stopped, 39)
		files := os.DirFS(stopped.Study)
		if got := checkpoints(t, stopped); !slices.Equal(got, checkpointNames(38, 39)) {
			t.Fatalf("checkpoints %v", got)
		}
		newest, err := os.ReadFile(filepath.Join(train.CheckpointDir(dirOf(t, stopped)), checkpointNames(39)[0]))
		if err != nil {
			t.Fatal(err)
		}
		// check goes on from a copy of the run whose newest checkpoint is damaged.
		check := func(what string, damaged []byte) {
			run := adamwRun(t, b, t.TempDir(), 1e-2)
			run.Checkpoints.KeepAt = stopped.Checkpoints.KeepAt
			if err := os.CopyFS(run.Study, files); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(39)[0])
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			do(t, run)
			sameEnd(t, what, endOf(t, run), want)
			if got, want := checkpoints(t, run), append(checkpointNames(38), checkpointNames(39)[0]+".damaged", checkpointNames(40)[0]); !slices.Equal(got, want) {
				t.Errorf("%s: there are %v, want %v", what, got, want)
			}
			i := slices.IndexFunc(readMetrics(t, run), func(m train.Metric) bool { return m.Event == train.EventResume })
			if m := readMetrics(t, run)[i]; m.Step != 38 || m.File != checkpointNames(38)[0] || !slices.Equal(m.Refused, checkpointNames(39)) {
				t.Errorf("%s: the log says %+v", what, m)
			}
		}
		bytes, cuts := 100, 19
		if b.Kind != backend.Go {
			bytes, cuts = 5, 1 // the files are the same
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range bytes {
			at := random.IntN(len(newest))
			damaged := slices.Clone(newest)
			damaged[at] ^= byte(1 + random.IntN(255))
			check(fmt.Sprintf("byte %d of %d is %d instead of %d", at, len(newest), damaged[at], newest[at]), damaged)
		}
		for range cuts {
			at := random.IntN(len(newest))
			check(fmt.Sprintf("%d bytes of %d are left", at, len(newest)), newest[:at])
		}
		check("nothing is left", nil)
	})
}

// TestAllCorrupt: where every checkpoint is damaged, even if there is only one, they are
// set aside and the run begins again.
func TestAllCorrupt(t *testing.T) {
	whole := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	do(t, whole)
	for _, at := range []int{7, 35} {
		run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
		interrupt(t, run, at)
		damaged := truncateAll(t, run)
		if _, err := train.LoadCheckpoint(train.CheckpointDir(dirOf(t, run))); err == nil || errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("interrupted at step %d: loading gave the error %v, want one that says the checkpoints are damaged", at, err)
		}
		do(t, run)
		sameEnd(t, fmt.Sprintf("interrupted at step %d", at), endOf(t, run), endOf(t, whole))
		for _, name := range damaged {
			if !slices.Contains(checkpoints(t, run), name+".damaged") {
				t.Errorf("interrupted at step %d: %s was not set aside", at, name)
			}
		}
		slices.Reverse(damaged)
		i := slices.IndexFunc(readMetrics(t, run), func(m train.Metric) bool { return m.Event == train.EventResume })
		if i < 0 || !slices.Equal(readMetrics(t, run)[i].Refused, damaged) {
			t.Errorf("interrupted at step %d: the log does not tell of %v", at, damaged)
		}
	}
}

// truncateAll damages every checkpoint of a run.
func truncateAll(t *testing.T, run *train.Run) []string {
	t.Helper()
	names := checkpoints(t, run)
	for _, name := range names {
		if err := os.Truncate(filepath.Join(train.CheckpointDir(dirOf(t, run)), name), 1000); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestUnreadable: a checkpoint that cannot be read is not taken for a damaged
// one, nor for none: the run does not start, and the file stays as it is.
func TestUnreadable(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	interrupt(t, run, 7)
	path := filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(7)[0])
	if err := errors.Join(os.Remove(path), os.Symlink("elsewhere", path)); err != nil {
		t.Fatal(err)
	}
	_, err := run.Do(context.Background())
	if err == nil || errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "delete the run's directory") {
		t.Errorf("got error %v", err)
	}
	if got := checkpoints(t, run); !slices.Equal(got, checkpointNames(7)) {
		t.Errorf("there are %v", got)
	}
}

// TestFinal: the final state of a complete run comes back, also when its file
// is damaged.
func TestFinal(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	if _, err := run.Final(context.Background()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run that was not trained: %v", err)
	}
	do(t, run)
	want := endOf(t, run)
	if err := os.Truncate(filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(40)[0]), 1000); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		snap, err := run.Final(context.Background())
		if err != nil || !reflect.DeepEqual(snap, want.State) {
			t.Errorf("another final state, error %v", err)
		}
	}
	sameEnd(t, "trained again from the checkpoint before", endOf(t, run), want)

	truncateAll(t, run)
	initial, failure := run.Initial, errors.New("no initial state")
	run.Initial = func(context.Context) (*train.State, error) { return nil, failure }
	if _, err := run.Final(context.Background()); !errors.Is(err, failure) {
		t.Errorf("without anything to go on from: got error %v, want %v", err, failure)
	}
	if _, err := os.Stat(filepath.Join(dirOf(t, run), "result.json")); err != nil {
		t.Errorf("the result is gone: %v", err)
	}
	run.Initial = initial
	if snap, err := run.Final(context.Background()); err != nil || !reflect.DeepEqual(snap, want.State) {
		t.Errorf("trained again from its beginning: another final state, error %v", err)
	}
}

// TestOtherOptimizer: moments are not taken for those of another optimizer.
func TestOtherOptimizer(t *testing.T) {
	snap, err := train.NewState(model.Parameters(), train.NewAdamW(), 1).Snapshot(model.Parameters(), train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	snap.Optimizer = "lamb"
	if _, err := snap.Restore(model.Parameters(), train.NewAdamW()); err == nil || !strings.Contains(err.Error(), "moments of lamb") {
		t.Errorf("got error %v", err)
	}
	snap.Moments = nil
	snap.Updates[model.Parameters()[0].Name] = 1000
	state, err := snap.Restore(model.Parameters(), train.NewAdamW())
	if err != nil || state.Updates[0] != 0 {
		t.Errorf("moments that are zero hold %d updates, error %v", state.Updates[0], err)
	}
}

// TestUnknownUpdates: moments are not taken without the counts of their updates.
func TestUnknownUpdates(t *testing.T) {
	snap, err := train.NewState(model.Parameters(), train.NewAdamW(), 1).Snapshot(model.Parameters(), train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	name := model.Parameters()[2].Name
	delete(snap.Updates, name)
	if _, err := snap.Restore(model.Parameters(), train.NewAdamW()); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("got error %v, want one that names %s", err, name)
	}
}
