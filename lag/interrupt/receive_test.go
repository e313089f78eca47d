package interrupt

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// fresh makes this program one that has received nothing, until the test ends.
func fresh(t *testing.T) (exits *[]int) {
	t.Helper()
	exits = new([]int)
	reset := func() {
		state.Lock()
		defer state.Unlock()
		state.active, state.last = nil, nil
	}
	reset()
	exit = func(code int) { *exits = append(*exits, code) }
	t.Cleanup(func() {
		exit = os.Exit
		reset()
	})
	return exits
}

// TestReceive checks what signals of both exit codes do: the first cancels all
// contexts, those within half a second do nothing, and a later one ends the program.
func TestReceive(t *testing.T) {
	for _, s := range Signals() {
		exits := fresh(t)
		want := ExitAgain
		if s == os.Interrupt {
			want = ExitInterrupt
		}
		a, b := Context(), Context()
		begun := time.Now()
		receive(s, begun)
		for _, ctx := range []context.Context{a, b} {
			cause, ok := errors.AsType[*Error](context.Cause(ctx))
			if !ok || cause.Signal != s || cause.Error() != "interrupted by "+Name(s) || !Only(cause) {
				t.Errorf("after %v the cause is %v", s, context.Cause(ctx))
			}
		}
		if Signal() != s || !Received() || ExitCode() != want {
			t.Errorf("after %v: signal %v, received %v, exit code %d", s, Signal(), Received(), ExitCode())
		}
		receive(os.Interrupt, begun.Add(burst/2))
		if len(*exits) > 0 || ExitCode() != want {
			t.Errorf("a signal right after %v ends the program with %v", s, *exits)
		}
		receive(s, begun.Add(burst))
		if len(*exits) != 1 || (*exits)[0] != want {
			t.Errorf("a second %v ends the program with %v, want %d", s, *exits, want)
		}
	}
}

// TestLaterContext: a context of later work, such as that of another cell's, is
// canceled by the next signal, which does not end the program.
func TestLaterContext(t *testing.T) {
	exits := fresh(t)
	Context()
	begun := time.Now()
	receive(os.Interrupt, begun)
	later := Context()
	if later.Err() != nil {
		t.Error("a context is canceled by a signal before it")
	}
	receive(os.Interrupt, begun.Add(time.Minute))
	if later.Err() == nil || len(*exits) > 0 {
		t.Errorf("the later context: %v; exits %v", later.Err(), *exits)
	}
	receive(os.Interrupt, begun.Add(2*time.Minute))
	if len(*exits) != 1 {
		t.Errorf("the program ends with %v", *exits)
	}
}
