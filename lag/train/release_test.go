package train_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestReleaseDropped removes the states of a run on the way. Whoever asks for what it
// has reached gets it from the log, without training; whoever asks for more gets the
// run of one that was left alone.
func TestReleaseDropped(t *testing.T) {
	b := testbackend.Go(t)
	whole, run := adamwRun(t, b, t.TempDir(), 1e-3), adamwRun(t, b, t.TempDir(), 1e-3)
	do(t, whole)
	want := endOf(t, whole)
	dir := dirOf(t, run)
	step := run.Evaluate[len(run.Evaluate)/2]
	before, err := run.To(t.Context(), step)
	if err != nil {
		t.Fatal(err)
	}
	none := func(int) bool { return false }
	if removed, free, err := train.Release(dir, false, "", none); removed != 0 || !free || err != nil {
		t.Errorf("a run that has not ended: removed %d bytes, free %v, %v", removed, free, err)
	}
	unlock, _, err := train.TryLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if removed, free, err := train.Release(dir, true, "", none); removed != 0 || free || err != nil {
		t.Errorf("a run that somebody trains: removed %d bytes, free %v, %v", removed, free, err)
	}
	unlock()
	if removed, free, err := train.Release(dir, true, "why", none); removed == 0 || !free || err != nil || !train.IsReleased(dir) {
		t.Fatalf("removed %d bytes, free %v, %v", removed, free, err)
	}
	if left, _ := filepath.Glob(filepath.Join(train.CheckpointDir(dir), "*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	trained, batch := 0, run.Batch
	run.Batch = func(step int) ([]train.Batch, error) { trained++; return batch(step) }
	again, err := run.To(t.Context(), step)
	if err != nil || trained > 0 || again.Steps != before.Steps || len(again.Curve) != len(before.Curve) {
		t.Errorf("asked again, it trained %d steps and returned %+v, %v; before %+v", trained, again, err, before)
	}
	if _, err := run.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameEnd(t, "after its states were removed", endOf(t, run), want)
	if trained != run.Schedule.Steps || train.IsReleased(dir) {
		t.Errorf("it trained %d steps of %d, released: %v", trained, run.Schedule.Steps, train.IsReleased(dir))
	}
	if _, err := os.Stat(filepath.Join(dir, train.ReleasedFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the note that states were removed is still there: %v", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if removed, free, err := train.Release(dir, true, "", none); removed != 0 || !free || err != nil {
		t.Errorf("a run that is gone: removed %d bytes, free %v, %v", removed, free, err)
	}
}

// TestStates compares the number of states with those that a run keeps.
func TestStates(t *testing.T) {
	for _, c := range []struct {
		train.Checkpoints
		steps, end, most int
	}{
		{train.Checkpoints{}, 10, 1, 1},
		{train.Checkpoints{Every: 20}, 10, 1, 1},
		{train.Checkpoints{Every: 5}, 10, 2, 2},
		{train.Checkpoints{Every: 4}, 10, 2, 3},
		{train.Checkpoints{Every: 4, Keep: 1}, 10, 1, 2},
		{train.Checkpoints{Every: 4, KeepAt: []int{1, 8, 30}}, 10, 3, 4},
		{train.Checkpoints{Every: 4, KeepAt: []int{1, 2, 3}}, 10, 5, 6},
	} {
		if end, most := c.States(c.steps); end != c.end || most != c.most {
			t.Errorf("%+v over %d steps: %d states at the end and %d at most, want %d and %d", c.Checkpoints, c.steps, end, most, c.end, c.most)
		}
	}
	b := testbackend.Go(t)
	for _, c := range []train.Checkpoints{{}, {Every: 3}, {Every: 7, KeepAt: []int{2, 5}}} {
		run := adamwRun(t, b, t.TempDir(), 1e-3)
		run.Checkpoints = c
		do(t, run)
		states, _, err := train.CheckpointFiles(dirOf(t, run))
		if end, _ := c.States(run.Schedule.Steps); err != nil || len(states) != end {
			t.Errorf("%+v: %d states are kept, %v, want %d", c, len(states), err, end)
		}
		size := train.StateSize(quickModel(b).Parameters(), train.NewAdamW())
		slices.Sort(states)
		for _, path := range states {
			if info, err := os.Stat(path); err != nil || info.Size() > size || size > 2*info.Size() {
				t.Errorf("a state has %d bytes, %v, at most %d were announced", info.Size(), err, size)
			}
		}
	}
}

// TestReleaseNoNote removes states where the note about it cannot be written, as on a
// full disk. A run that has not ended needs the note.
func TestReleaseNoNote(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-3)
	dir := dirOf(t, run)
	if _, err := run.To(t.Context(), run.Evaluate[len(run.Evaluate)/2]); err != nil {
		t.Fatal(err)
	}
	none, note := func(int) bool { return false }, filepath.Join(dir, train.ReleasedFile)
	block := func() {
		if err := os.MkdirAll(filepath.Join(note, "full"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	block()
	if removed, _, err := train.Release(dir, true, "", none); removed != 0 || err == nil {
		t.Errorf("a run that has not ended: removed %d bytes, error %v", removed, err)
	}
	if err := os.RemoveAll(note); err != nil {
		t.Fatal(err)
	}
	do(t, run)
	block()
	if removed, _, err := train.Release(dir, false, "", none); removed == 0 || err == nil {
		t.Errorf("a run that has ended: removed %d bytes, error %v", removed, err)
	}
	if left, _ := filepath.Glob(filepath.Join(train.CheckpointDir(dir), "*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
