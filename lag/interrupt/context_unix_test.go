//go:build unix

package interrupt

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"
)

func TestContextIsCanceledByInterrupt(t *testing.T) {
	ctx := Context()
	if !Asked() || Received() {
		t.Errorf("before the interrupt: asked %v, received %v", Asked(), Received())
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the context was not canceled")
	}
	if !Received() {
		t.Error("Received is false after an interrupt")
	}
	if err := context.Cause(ctx); !Only(fmt.Errorf("a run: %w", err)) {
		t.Errorf("the cause %v is not only an interrupt", err)
	}
}
