//go:build unix

package engine

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// shells returns a scheduler whose processes are shells that run a script each.
func shells(scripts ...string) Processes {
	return Processes{N: len(scripts), Command: func(ctx context.Context, index int) (*exec.Cmd, []byte, error) {
		return exec.CommandContext(ctx, "sh", "-c", "read order; "+scripts[index]), []byte("order\n"), nil
	}}
}

// TestProcessesSpeed: processes that are ready begin together, and their speeds add up;
// one that ends before it answers is an error with its last words; a cancellation ends
// those that never answer.
func TestProcessesSpeed(t *testing.T) {
	ready := "echo something else; echo 'lag: ready to measure'; read begin; "
	rate, err := shells(ready+"echo 'lag: steps a second: 5'", ready+`[ "$begin" = begin ] && echo 'lag: steps a second: 2.5'`).Speed(t.Context())
	if err != nil || rate != 7.5 {
		t.Errorf("%v steps a second, %v", rate, err)
	}
	begun := time.Now()
	_, err = shells(ready+"exec sleep 60", "echo first >&2; echo 'out of memory' >&2; exit 3").Speed(t.Context())
	if err == nil || !strings.Contains(err.Error(), "gave no answer") || !strings.Contains(err.Error(), "out of memory") || strings.Contains(err.Error(), "first") {
		t.Errorf("a process that ended: error %v", err)
	}
	if _, err := shells(ready + "echo 'lag: steps a second: many'").Speed(t.Context()); err == nil {
		t.Error("a speed that is no number is no error")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := shells("exec sleep 60").Speed(ctx); err == nil || errors.Is(err, exec.ErrNotFound) {
		t.Errorf("after a cancellation: error %v", err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the processes that sleep were not ended: it took %s", took)
	}
}
