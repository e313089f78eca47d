package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestLostLock stops a run whose directory another process locks too, because the
// file system keeps no locks.
func TestLostLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("lock files do not name their owner here")
	}
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	begin := run.Initial
	run.Initial = func(ctx context.Context) (*train.State, error) {
		other := []byte(`{"host":"other","place":"elsewhere","pid":7,"nonce":"n","beat":1}` + "\n")
		if err := os.WriteFile(filepath.Join(dirOf(t, run), dirlock.Name), other, 0o666); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		return begin(ctx)
	}
	_, err := run.Do(t.Context())
	if shared, ok := errors.AsType[*dirlock.SharedError](err); !ok || shared.Host != "other" {
		t.Errorf("got error %v, want that the directory is shared", err)
	}
	if train.IsComplete(dirOf(t, run)) {
		t.Error("the run went on to its end")
	}
	if got := states(t, run); len(got) > 0 {
		t.Errorf("it saved %v", got)
	}
}

// TestLostLockLater loses the lock in the middle of the run, and after its last
// update. Nothing is written then.
func TestLostLockLater(t *testing.T) {
	for _, at := range []int{15, 40} {
		run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		run.Observe = func(step int, _ float64, validation bool) {
			if step == at && (validation || at < 40) {
				cancel(&dirlock.SharedError{Dir: dirOf(t, run), Host: "other"})
			}
		}
		_, err := run.Do(ctx)
		if _, ok := errors.AsType[*dirlock.SharedError](err); !ok {
			t.Errorf("lost after %d updates: got error %v", at, err)
		}
		if got := states(t, run); slices.Contains(got, checkpointNames(at)[0]) || len(got) == 0 || train.IsComplete(dirOf(t, run)) {
			t.Errorf("lost after %d updates: there are %v, complete: %t", at, got, train.IsComplete(dirOf(t, run)))
		}
		if metrics := readMetrics(t, run); len(metrics) > 0 && metrics[len(metrics)-1].Step > at-at%10 {
			t.Errorf("lost after %d updates: the log goes to step %d", at, metrics[len(metrics)-1].Step)
		}
		run.Observe = nil
		do(t, run)
	}
}

// TestRemovedWhileWaiting removes a run's directory while a process waits for its
// lock. It makes the directory again, and trains.
func TestRemovedWhileWaiting(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	dir := dirOf(t, run)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, ok, err := train.TryLock(dir)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, ok, err := run.TryTo(t.Context(), 40); ok || err != nil {
		t.Errorf("a locked run: %t, %v", ok, err)
	}
	ended := make(chan error)
	go func() {
		_, err := run.Do(context.Background())
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond) // so that it waits; it must come to its end either way
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
	unlock()
	if err := <-ended; err != nil || !train.IsComplete(dir) {
		t.Errorf("complete: %t, error %v", train.IsComplete(dir), err)
	}
	if _, _, err := train.TryLock(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("locking no directory: %v", err)
	}
}
