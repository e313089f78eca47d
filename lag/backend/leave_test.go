package backend

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gomlx/compute"
)

// finalized is an engine that says when it is released.
type finalized struct {
	compute.Backend
	done chan struct{}
}

func (f finalized) Finalize() { close(f.done) }

// TestLeave: a cancellation leaves what cannot be canceled, the next call waits for
// it, and so does the end of the backend.
func TestLeave(t *testing.T) {
	engine := finalized{done: make(chan struct{})}
	b := &Backend{Backend: engine, left: new(unfinished)}
	failed := errors.New("failed")
	if err := b.Leave(t.Context(), func() error { return failed }); err != failed {
		t.Errorf("error %v", err)
	}
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	begun, release := make(chan struct{}), make(chan struct{})
	go func() {
		<-begun
		cancel(stopped)
	}()
	if err := b.Leave(ctx, func() error { close(begun); <-release; return nil }); err != stopped || !b.Left() {
		t.Fatalf("error %v, left %v", err, b.Left())
	}
	if err := b.Leave(ctx, func() error { t.Error("two run at once"); return nil }); err != stopped {
		t.Errorf("while one runs: error %v", err)
	}
	second := make(chan error, 1)
	go func() { second <- b.Leave(t.Context(), func() error { return failed }) }()
	b.Finalize()
	select {
	case <-engine.done:
		t.Error("the backend was released while something runs on it")
	case err := <-second:
		t.Errorf("the second did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if err := <-second; err != failed || b.Left() {
		t.Errorf("afterwards: error %v, left %v", err, b.Left())
	}
	<-engine.done
}
