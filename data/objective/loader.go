package objective

import (
	"container/list"
	"context"
	"errors"
	"runtime"
	"sync"
)

// Sized is a batch that knows the memory it takes.
type Sized interface{ Bytes() int64 }

// LoaderOptions are the options of a [Loader]. They do not change its batches.
type LoaderOptions struct {
	Workers int   // batches made at a time; 0 means one less than the processors, at least 1
	Ahead   int   // batches made ahead of the latest one asked for; 0 means 4 for each worker
	Memory  int64 // bytes of batches that are kept for whoever asks for them again, those made ahead among them, which are kept even beyond it; 0 means 64 MiB
}

// Loader prepares batches ahead and in parallel, and keeps those made of late:
// the candidates of a study, which train on the same batches one after another
// or side by side, share one. Its batches are shared as well and are not to be
// changed.
//
// What it returns for a step depends on its source alone, not on the number of
// workers or on what was asked for before. It has no goroutines while it has
// nothing to prepare.
type Loader[B Sized] struct {
	source  func(step int64) (B, error)
	context context.Context
	cancel  context.CancelFunc
	ahead   int
	memory  int64
	workers int
	working sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running int         // workers
	pending []*entry[B] // to be made, in this order
	entries map[int64]*entry[B]
	made    *list.List // *entry[B] that are done, the latest used at the front
	bytes   int64      // of them
}

// entry is a batch that is made or being made.
type entry[B Sized] struct {
	step    int64
	done    chan struct{} // closed once batch and err are set
	batch   B
	err     error
	element *list.Element // in made
}

// NewLoader returns a loader of batches from a source such as [Sampler.Batch],
// which is called by several goroutines. It prepares nothing more once the
// context is cancelled. Close frees it.
func NewLoader[B Sized](ctx context.Context, source func(step int64) (B, error), o LoaderOptions) *Loader[B] {
	if o.Workers < 1 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if o.Ahead < 1 {
		o.Ahead = 4 * o.Workers
	}
	if o.Memory < 1 {
		o.Memory = 64 << 20
	}
	ctx, cancel := context.WithCancel(ctx)
	return &Loader[B]{
		source: source, context: ctx, cancel: cancel, ahead: o.Ahead, memory: o.Memory, workers: o.Workers,
		entries: make(map[int64]*entry[B]), made: list.New(),
	}
}

// ErrClosed is returned by a [Loader] that was closed.
var ErrClosed = errors.New("objective: the loader of batches is closed")

// Batch returns the batch of a step, from 0, and sees to it that those after it
// are prepared. It waits for no longer than the context allows.
func (l *Loader[B]) Batch(ctx context.Context, step int64) (B, error) {
	var none B
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return none, ErrClosed
	}
	e := l.prepare(step)
	if e.element != nil {
		l.made.MoveToFront(e.element)
	}
	for i := range l.ahead {
		l.prepare(step + 1 + int64(i))
	}
	l.mu.Unlock()
	select {
	case <-e.done:
		return e.batch, e.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// Close stops the preparation of batches and returns once it has stopped.
func (l *Loader[B]) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.working.Wait()
}

// prepare returns the entry of a step; if there is none, it has its batch made.
// l.mu is held.
func (l *Loader[B]) prepare(step int64) *entry[B] {
	if e, ok := l.entries[step]; ok {
		return e
	}
	e := &entry[B]{step: step, done: make(chan struct{})}
	l.entries[step] = e
	l.pending = append(l.pending, e)
	if l.running < l.workers {
		l.running++
		l.working.Add(1)
		go l.work()
	}
	return e
}

// work makes batches for as long as there are any to make.
func (l *Loader[B]) work() {
	defer l.working.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) > 0 {
		e := l.pending[0]
		l.pending = l.pending[1:]
		l.mu.Unlock()
		if e.err = context.Cause(l.context); e.err == nil {
			e.batch, e.err = l.source(e.step)
		}
		l.mu.Lock()
		l.keep(e)
		close(e.done)
	}
	l.running--
}

// keep keeps a batch that was made, and lets go of those that were not used for
// longest. l.mu is held.
func (l *Loader[B]) keep(e *entry[B]) {
	if e.err != nil { // whoever asks again has it tried again
		delete(l.entries, e.step)
		return
	}
	e.element = l.made.PushFront(e)
	l.bytes += e.batch.Bytes()
	// What was made ahead must not push itself out.
	for l.bytes > l.memory && l.made.Len() > l.ahead+1 {
		oldest := l.made.Remove(l.made.Back()).(*entry[B])
		delete(l.entries, oldest.step)
		l.bytes -= oldest.batch.Bytes()
	}
}
