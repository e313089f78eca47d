package objective

import (
	"container/list"
	"context"
	"errors"
	"runtime"
	"sync"
)

// Sized is a batch that reports its size in memory.
type Sized interface{ Bytes() int64 }

// LoaderOptions are the options of a [Loader]. They do not change the batches.
type LoaderOptions struct {
	Workers int   // batches to make in parallel; 0 means the number of processors less one, at least 1
	Ahead   int   // batches to make ahead of the latest request; 0 means 4 for each worker
	Memory  int64 // bytes of batches to keep, for repeated requests; batches made ahead count, but are never dropped; 0 means 64 MiB
}

// Loader makes batches ahead of time and in parallel, and keeps recent ones.
// The candidates of a study, which train on the same batches one after another
// or in parallel, share one loader. Its batches are shared too, so do not
// change them.
//
// The batch of a step depends only on the source, not on the number of workers
// or on earlier requests. A loader has no goroutines while it is idle.
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
	running int         // number of running workers
	pending []*entry[B] // batches to make, in this order
	entries map[int64]*entry[B]
	made    *list.List // *entry[B] of finished batches, most recently used first
	bytes   int64      // total size of the batches in made
}

// entry is a batch that is finished or in progress.
type entry[B Sized] struct {
	step    int64
	done    chan struct{} // closed once batch and err are set
	batch   B
	err     error
	element *list.Element // in made
}

// NewLoader returns a loader of batches from a source such as [Sampler.Batch].
// Several goroutines call the source. After the context is canceled the loader
// makes no more batches. Call Close to release it.
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

// ErrClosed is the error of a closed [Loader].
var ErrClosed = errors.New("objective: the loader of batches is closed")

// Batch returns the batch of a step, from 0, and starts making the next ones.
// It stops waiting when the context is done.
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

// Close stops making batches and waits for the workers to end.
func (l *Loader[B]) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.working.Wait()
}

// prepare returns the entry of a step. If there is none, it creates one and
// schedules the batch. The caller holds l.mu.
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

// work makes batches until none is pending.
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

// keep records a finished batch and drops the least recently used ones. The
// caller holds l.mu.
func (l *Loader[B]) keep(e *entry[B]) {
	if e.err != nil { // the next request tries again
		delete(l.entries, e.step)
		return
	}
	e.element = l.made.PushFront(e)
	l.bytes += e.batch.Bytes()
	// Keep at least the batches made ahead.
	for l.bytes > l.memory && l.made.Len() > l.ahead+1 {
		oldest := l.made.Remove(l.made.Back()).(*entry[B])
		delete(l.entries, oldest.step)
		l.bytes -= oldest.batch.Bytes()
	}
}
