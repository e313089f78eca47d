package ordered

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Map calls out with the result for each item of in, in the order of the items,
// until there is an error or no more items.
//
// The given number of workers compute the results. Each worker calls do once
// and uses the function it returns, which need not be safe for concurrent use.
// Map holds at most about 3 items or results for each worker. In runs in its
// own goroutine, out in the caller's.
//
// Map returns the first error in the order of the items, whether it comes from
// in, from do's function or from out. Out is called for all items before it and
// for none after it. Once ctx is canceled, Map returns the error of ctx. No
// goroutine is left when Map returns, so Map waits for running calls to end. If
// in can block, as when it reads from a terminal, it should itself stop when
// ctx is canceled.
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
		done chan result // receives one result; buffered
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	todo := make(chan job)
	order := make(chan job, 2*workers) // its capacity limits how far workers run ahead
	ended := false                     // whether in ended; read only after order is closed
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
