package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestKeptState damages a state that a run was asked to keep. It is made again.
func TestKeptState(t *testing.T) {
	b := testbackend.Go(t)
	run := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	run.Checkpoints.KeepAt = []int{17}
	want, err := run.ToState(t.Context(), 17)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(17)[0])
	for _, damage := range []func() error{
		func() error { return os.Truncate(path, 900) },
		func() error { return os.Remove(path) },
		func() error { // the state of another step
			return os.Rename(filepath.Join(filepath.Dir(path), checkpointNames(10)[0]), path)
		},
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		got, err := run.ToState(t.Context(), 17)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("another state: %s", diff)
		}
	}
}

// TestKeptStateBefore does so when the run is beyond the state. The state is made
// again, even in parts, and all else stays as it is.
func TestKeptStateBefore(t *testing.T) {
	b := testbackend.Go(t)
	run := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	run.Checkpoints.KeepAt = []int{17}
	want, err := run.ToState(t.Context(), 17)
	if err != nil {
		t.Fatal(err)
	}
	states := train.CheckpointDir(dirOf(t, run))
	path := filepath.Join(states, checkpointNames(17)[0])
	check := func(what string, names []string, damage func() error) {
		t.Helper()
		before := readFile(t, run, "metrics.jsonl")
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := run.ToState(t.Context(), 17); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: another state, error %v", what, err)
			}
		}
		if got := checkpoints(t, run); !slices.Equal(got, names) {
			t.Errorf("%s: there are %v, want %v", what, got, names)
		}
		if diff := cmp.Diff(string(before), string(readFile(t, run, "metrics.jsonl"))); diff != "" {
			t.Errorf("%s: the log: %s", what, diff)
		}
	}
	interrupt(t, run, 31)
	check("at step 31", checkpointNames(17, 30, 31), func() error { return os.Remove(path) })
	do(t, run)
	result := readFile(t, run, "result.json")
	damaged := []string{checkpointNames(17)[0], checkpointNames(17)[0] + ".damaged", checkpointNames(31)[0], checkpointNames(40)[0]}
	check("complete", damaged, func() error { return os.Truncate(path, 900) })
	check("complete, interrupted", damaged, func() error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		batch := run.Batch
		defer func() { run.Batch = batch }()
		run.Batch = func(step int) ([]train.Batch, error) {
			if step == 12 {
				cancel()
			}
			return batch(step)
		}
		if _, err := run.ToState(ctx, 17); err != nil {
			return err // it is there
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if _, err := run.ToState(ctx, 17); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: got error %v", err)
		}
		if got := checkpoints(t, run); !slices.Contains(got, checkpointNames(13)[0]) {
			t.Errorf("interrupted: there are %v", got)
		}
		return nil
	})
	if got := readFile(t, run, "result.json"); string(got) != string(result) {
		t.Errorf("the result is %s", got)
	}
}

// TestMisnamed gives a state the name of a later step. It gets its own again, and
// the run goes on from it; unless its own is taken.
func TestMisnamed(t *testing.T) {
	b := testbackend.Go(t)
	whole := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, whole)
	for _, taken := range []bool{false, true} {
		run := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
		interrupt(t, run, 27)
		dir := train.CheckpointDir(dirOf(t, run))
		text, err := os.ReadFile(filepath.Join(dir, checkpointNames(20)[0]))
		if err != nil {
			t.Fatal(err)
		}
		from, want := 20, checkpointNames(30, 40)
		if taken {
			want = []string{checkpointNames(27)[0] + ".damaged", want[0], want[1]}
		} else if err := os.Remove(filepath.Join(dir, checkpointNames(20)[0])); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, checkpointNames(27)[0]), text, 0o644); err != nil {
			t.Fatal(err)
		}
		do(t, run)
		sameEnd(t, "with a state of another name", endOf(t, run), endOf(t, whole))
		i := slices.IndexFunc(readMetrics(t, run), func(m train.Metric) bool { return m.Event == train.EventResume })
		if m := readMetrics(t, run); i < 0 || m[i].Step != from {
			t.Errorf("taken: %t: it did not go on from step %d", taken, from)
		}
		if got := checkpoints(t, run); !slices.Equal(got, want) {
			t.Errorf("taken: %t: there are %v, want %v", taken, got, want)
		}
	}
}

// TestFinalWhileTrained asks for the final state while another process trains
// the end again, so that there is no outcome. It waits, or trains.
func TestFinalWhileTrained(t *testing.T) {
	run := mustRun(t, testbackend.Go(t), tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, run)
	want, err := run.Final(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := dirOf(t, run)
	path := filepath.Join(dir, train.OutcomeFile)
	for _, finishes := range []bool{true, false} {
		unlock, ok, err := train.TryLock(dir) // the other process
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if err := os.Rename(path, path+".before"); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			got, err := run.Final(context.Background())
			if err == nil && !reflect.DeepEqual(got, want) {
				err = errors.New("another state")
			}
			ended <- err
		}()
		select {
		case err := <-ended:
			t.Fatalf("it did not wait: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		if finishes {
			if err := os.Rename(path+".before", path); err != nil {
				t.Fatal(err)
			}
		}
		unlock()
		if err := <-ended; err != nil || !train.IsComplete(dir) {
			t.Errorf("the other process comes to the end: %t: complete: %t, error %v", finishes, train.IsComplete(dir), err)
		}
	}
}
