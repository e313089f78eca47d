package backend

import (
	"context"
	"sync"
)

// Leave runs f, which no context can cancel, such as a compilation by XLA, that
// may take a minute. If the context is canceled meanwhile, Leave returns its cause
// and leaves f to run on by itself. The next call waits for what was left, and
// Finalize leaves the backend open until then.
func (b *Backend) Leave(ctx context.Context, f func() error) error {
	for _, left := range b.left.running() {
		select {
		case <-left:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if ctx.Done() == nil {
		return f()
	}
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = f()
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case <-done: // both at once
		return err
	default:
	}
	b.left.add(done)
	return context.Cause(ctx)
}

// Left reports whether something runs on that [Backend.Leave] has left.
func (b *Backend) Left() bool { return len(b.left.running()) > 0 }

// Finalize releases the backend, as soon as nothing runs on that [Backend.Leave]
// has left.
func (b *Backend) Finalize() {
	left := b.left.running()
	if len(left) == 0 {
		b.Backend.Finalize()
		return
	}
	go func() {
		for _, done := range left {
			<-done
		}
		b.Backend.Finalize()
	}()
}

// unfinished is what was left and may still run.
type unfinished struct {
	mu   sync.Mutex
	list []chan struct{} // each is closed at the end
}

func (u *unfinished) add(done chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, done)
}

// running returns what still runs.
func (u *unfinished) running() (list []chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, done := range u.list {
		select {
		case <-done:
		default:
			list = append(list, done)
		}
	}
	u.list = list
	return list
}
