package objective

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLoader checks that batches do not depend on the number of workers or the
// order of requests, with several candidates at different steps.
func TestLoader(t *testing.T) {
	store, v := counting(3000), vocab(3005)
	s := sampler(t, DefaultMLM(16), store, v, 4, 7)
	var want []MLMBatch
	for step := range int64(60) {
		want = append(want, batch(t, s, step))
	}
	for _, workers := range []int{1, 2, 5} {
		fresh := sampler(t, DefaultMLM(16), store, v, 4, 7)
		l := NewLoader(t.Context(), fresh.Batch, LoaderOptions{Workers: workers, Ahead: 3, Memory: 5000})
		var candidates sync.WaitGroup
		for first := range 4 {
			candidates.Go(func() {
				for i := range want {
					step := (i + 15*first) % len(want)
					b, err := l.Batch(t.Context(), int64(step))
					if err != nil || !cmp.Equal(b, want[step]) {
						t.Errorf("%d workers: step %d differs: %v", workers, step, err)
					}
				}
			})
		}
		candidates.Wait()
		l.Close()
		if l.bytes > 5000 && l.made.Len() > 4 {
			t.Errorf("%d bytes of %d batches are kept", l.bytes, l.made.Len())
		}
	}
}

// TestLoaderShared checks that candidates which train one after another share
// batches.
func TestLoaderShared(t *testing.T) {
	s := sampler(t, DefaultMLM(16), counting(3000), vocab(3005), 4, 7)
	var made atomic.Int64
	l := NewLoader(t.Context(), func(step int64) (MLMBatch, error) {
		made.Add(1)
		return s.Batch(step)
	}, LoaderOptions{Workers: 2, Ahead: 5})
	for range 3 {
		for step := range int64(40) {
			if _, err := l.Batch(t.Context(), step); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.Close()
	if made.Load() > 45 {
		t.Errorf("%d batches were made for 40 steps and 5 ahead", made.Load())
	}
	if _, err := l.Batch(t.Context(), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed loader: %v", err)
	}
}

// slow is a source that waits until it is released.
type slow struct{ release chan struct{} }

func (s slow) batch(int64) (MLMBatch, error) {
	<-s.release
	return MLMBatch{}, nil
}

func TestLoaderCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	source := slow{make(chan struct{})}
	outer, cancelOuter := context.WithCancel(context.Background())
	l := NewLoader(outer, source.batch, LoaderOptions{Workers: 3, Ahead: 10})

	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	if _, err := l.Batch(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting was cancelled: %v", err)
	}
	cancelOuter()
	close(source.release)
	l.Close()
	if _, err := NewLoader(outer, source.batch, LoaderOptions{}).Batch(context.Background(), 3); !errors.Is(err, context.Canceled) {
		t.Errorf("the loader was cancelled: %v", err)
	}
	for range 100 { // goroutines take a moment to disappear
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
}

// TestLoaderError checks that an error is returned and the next request tries again.
func TestLoaderError(t *testing.T) {
	fail := errors.New("a disk error")
	var calls atomic.Int64
	l := NewLoader(t.Context(), func(step int64) (MLMBatch, error) {
		if step == 2 && calls.Add(1) == 1 {
			return MLMBatch{}, fail
		}
		return MLMBatch{Size: int(step)}, nil
	}, LoaderOptions{Workers: 1, Ahead: 1})
	defer l.Close()
	if _, err := l.Batch(t.Context(), 2); !errors.Is(err, fail) {
		t.Errorf("the first time: %v", err)
	}
	if b, err := l.Batch(t.Context(), 2); err != nil || b.Size != 2 {
		t.Errorf("the second time: %v", err)
	}
}
