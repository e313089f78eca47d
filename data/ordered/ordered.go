package ordered

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Map calls out with the result of every item of in, in their order, until there
// is an error or no more items.
//
// Results are computed by the given number of workers. Each of them calls do
// once, for a function of its own that need not be safe for concurrent use. At
// most some 3 items or results for each worker are held at a time. In runs in a
// goroutine of its own, out in the caller's.
//
// The error is the first in the order of the items, whether of in, of do's
// function or of out: out has seen all before it and nothing after it. Once ctx
// is canceled it is that of ctx. No goroutine is left when Map returns, so that
// it waits for what is under way: an in that blocks, as in the Read of a
// terminal, should itself end when ctx is canceled.
func Map[A, B any](ctx context.Context, workers int, in iter.Seq2[A, error], do func() func(A) (B, error), out func(B) error) error {
	if workers < 1 {
		return fmt.Errorf("ordered: %d workers; there must be at least 1", workers)
	}
	type result struct {
		value B
		err   error
	}
	type job struct {
		item A
		done chan result // filled once; has room
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	todo := make(chan job)
	order := make(chan job, 2*workers) // bounds how far the workers run ahead
	ended := false                     // whether in did; may be read once order is closed
	send := func(to chan<- job, j job) bool {
		select {
		case to <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	running.Go(func() {
		defer close(order)
		defer close(todo)
		for item, err := range in {
			j := job{item, make(chan result, 1)}
			if err != nil {
				j.done <- result{err: err}
				send(order, j)
				return
			}
			if !send(order, j) || !send(todo, j) {
				return
			}
		}
		ended = true
	})
	for range workers {
		running.Go(func() {
			work := do()
			for j := range todo {
				value, err := work(j.item)
				j.done <- result{value, err}
			}
		})
	}
	for j := range order {
		select {
		case r := <-j.done:
			if r.err != nil {
				return r.err
			}
			if err := out(r.value); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !ended {
		return ctx.Err()
	}
	return nil
}
