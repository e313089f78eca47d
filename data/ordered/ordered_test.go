package ordered

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// numbers yields 0 to n-1, and then err if it is not nil.
func numbers(n int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

// collect maps numbers to their squares, slowly for some.
func collect(ctx context.Context, workers int, in iter.Seq2[int, error], fail func(int) error) (out []int, err error) {
	err = Map(ctx, workers, in, func() func(int) (int, error) {
		calls := 0 // the race detector reports it if it is shared
		return func(i int) (int, error) {
			calls++
			if i%7 == 0 {
				runtime.Gosched()
			}
			return i * i, fail(i)
		}
	}, func(square int) error {
		out = append(out, square)
		return nil
	})
	return out, err
}

func never(int) error { return nil }

func TestOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 5, 16} {
		for _, n := range []int{0, 1, 3, 1000} {
			var want []int
			for i := range n {
				want = append(want, i*i)
			}
			got, err := collect(t.Context(), workers, numbers(n, nil), never)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d items, %d workers: %d results, %v", n, workers, len(got), err)
			}
		}
	}
	if _, err := collect(t.Context(), 0, numbers(1, nil), never); err == nil {
		t.Error("no workers were accepted")
	}
}

// TestFirstError checks that the error is the first in the order of the items.
func TestFirstError(t *testing.T) {
	bad := errors.New("bad")
	for range 50 {
		got, err := collect(t.Context(), 4, numbers(100, errors.New("the source's")), func(i int) error {
			if i >= 40 {
				return fmt.Errorf("item %d: %w", i, bad)
			}
			return nil
		})
		if !errors.Is(err, bad) || err.Error() != "item 40: bad" || len(got) != 40 {
			t.Fatalf("%d results, %v", len(got), err)
		}
		if got, err := collect(t.Context(), 4, numbers(40, bad), never); !errors.Is(err, bad) || len(got) != 40 {
			t.Fatalf("of the source: %d results, %v", len(got), err)
		}
	}
	calls := 0
	err := Map(t.Context(), 3, numbers(100, nil), func() func(int) (int, error) { return func(i int) (int, error) { return i, nil } }, func(i int) error {
		if calls++; i == 5 {
			return bad
		}
		return nil
	})
	if !errors.Is(err, bad) || calls != 6 {
		t.Errorf("of the output: %d calls, %v", calls, err)
	}
}

// TestBounded checks how far the source runs ahead of the output.
func TestBounded(t *testing.T) {
	const workers = 3
	var read atomic.Int64
	in := func(yield func(int, error) bool) {
		for i := range 200 {
			read.Add(1)
			if !yield(i, nil) {
				return
			}
		}
	}
	written := int64(0)
	err := Map(t.Context(), workers, in, func() func(int) (int, error) { return func(i int) (int, error) { return i, nil } }, func(int) error {
		time.Sleep(10 * time.Microsecond)
		if written++; read.Load()-written > 2*workers+2 {
			t.Errorf("%d items were read when %d were written", read.Load(), written)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCanceled checks that all goroutines end in any state: synctest fails if
// one is left.
func TestCanceled(t *testing.T) {
	for name, where := range map[string]string{"source": "in", "worker": "do", "output": "out"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			block := func(at string, i int) {
				if at == where && i == 20 {
					<-ctx.Done()
				}
			}
			in := func(yield func(int, error) bool) {
				for i := range 1000 {
					if block("in", i); !yield(i, nil) {
						return
					}
				}
			}
			err := Map(ctx, 4, in, func() func(int) (int, error) {
				return func(i int) (int, error) {
					block("do", i)
					time.Sleep(time.Millisecond)
					return i, nil
				}
			}, func(i int) error {
				block("out", i)
				time.Sleep(time.Millisecond)
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("blocked in the %s: %v", name, err)
			}
		})
	}
}
