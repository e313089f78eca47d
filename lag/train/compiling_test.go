package train_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestStopWhileCompiling interrupts a run while its programs are compiled, one after
// another, by a compiler that does not end before the run has returned. The state is
// saved each time, what was compiled is used later, and the run ends as one that was not interrupted.
func TestStopWhileCompiling(t *testing.T) {
	b, err := backend.Open(backend.Go)
	if err != nil {
		t.Fatal(err)
	}
	for name, batch := range map[string]func(int) ([]train.Batch, error){
		"whole batches": batchOf,
		"micro-batches": func(step int) ([]train.Batch, error) {
			a, err := batchOf(step)
			if err != nil {
				return nil, err
			}
			b, err := batchOf(step + 1)
			return append(a, b...), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := mustRun(t, b, model, train.NewAdamW(), t.TempDir(), 1e-2)
			whole.Batch = batch
			do(t, whole)
			study := t.TempDir()
			var mu sync.Mutex
			seen, stop, release := 0, func() {}, make(chan struct{})
			slow := testbackend.Failing(b, func(o testbackend.Operation) error {
				if o != testbackend.Compile {
					return nil
				}
				mu.Lock()
				seen++
				first, stop, release := seen == 1, stop, release
				mu.Unlock()
				if first {
					stop()
					<-release
				}
				return nil
			})
			interrupted := 0
			for n := 1; ; n++ {
				run := mustRun(t, slow, model, train.NewAdamW(), study, 1e-2)
				run.Batch = batch
				ctx, cancel := context.WithCancel(t.Context())
				mu.Lock()
				seen, stop, release = 0, cancel, make(chan struct{})
				mu.Unlock()
				_, err := run.Do(ctx)
				close(release)
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("interrupted in compilation %d: %v", n, err)
				}
				interrupted++
				if snap, err := train.LoadCheckpoint(train.CheckpointDir(dirOf(t, run))); err != nil || snap.Step != 0 {
					t.Errorf("interrupted in compilation %d: the state after %d steps is saved, %v", n, snap.Step, err)
				}
			}
			if interrupted < 2 {
				t.Errorf("%d compilations were interrupted", interrupted)
			}
			got := endOf(t, mustRun(t, b, model, train.NewAdamW(), study, 1e-2))
			got.Metrics = slices.DeleteFunc(got.Metrics, func(m train.Metric) bool { return m.Event == train.EventCheckpoint && m.Step == 0 })
			sameEnd(t, "interrupted while it compiled", got, endOf(t, whole))
		})
	}
}
