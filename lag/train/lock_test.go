package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

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
}
