package lag_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestTrainTogether trains one run by six at a time, who also prepare its data at
// once. All must get the same result, and leave nothing half written.
func TestTrainTogether(t *testing.T) {
	config := smallTraining(t, "bert")
	config.Schedule.Steps, config.EvaluateEvery = 4, 2
	for range 3 {
		dir, data := t.TempDir(), t.TempDir()
		results := make([]*result.Training, 6)
		var all sync.WaitGroup
		for i := range results {
			all.Go(func() {
				var err error
				if results[i], err = lag.Train(t.Context(), config, lag.Options{Dir: dir, DataDir: data, Backend: backend.Go}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i, r := range results {
			if !reflect.DeepEqual(r, results[0]) {
				t.Errorf("training %d came to %+v, another to %+v", i, r, results[0])
			}
		}
		for _, dir := range []string{dir, data} {
			err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
				if filepath.Ext(path) == ".tmp" {
					t.Errorf("%s is left", path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// TestTrainWritesUnderLock: in the directory of a run that another process trains,
// nothing is written, because that process removes what is half written.
func TestTrainWritesUnderLock(t *testing.T) {
	config := smallTraining(t, "bert")
	config.Schedule.Steps, config.EvaluateEvery = 4, 2
	o := lag.Options{Dir: t.TempDir(), DataDir: t.TempDir(), Backend: backend.Go}
	done, err := lag.Train(t.Context(), config, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(done.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(done.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, ok, err := train.TryLock(done.Dir)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	o.Observe = func(e progress.Event) {
		if e.Phase == progress.PhaseTrain {
			cancel() // it would wait for the lock
		}
	}
	if _, err := lag.Train(ctx, config, o); !errors.Is(err, context.Canceled) {
		t.Errorf("training a locked run: %v", err)
	}
	entries, err := os.ReadDir(done.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != dirlock.Name {
			t.Errorf("%s was written without the lock", e.Name())
		}
	}
}
