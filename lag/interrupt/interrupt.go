// Package interrupt turns signals into the cancellation of a context, and tells
// from an error whether that is all that happened.
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"time"
)

// Exit codes of a program that a signal has interrupted.
const (
	ExitInterrupt = 130 // after Ctrl-C: 128 + SIGINT, as in shells
	ExitAgain     = 75  // after another signal: EX_TEMPFAIL of sysexits.h, go on by running it again
)

// burst is the time within which further signals count as the first. Some senders
// send twice: timeout(1) signals its child and then the group of both, and
// schedulers signal every process of a job, whose parents pass it on.
const burst = 500 * time.Millisecond

// state is what this program has asked for and received.
var state struct {
	sync.Mutex
	listening bool
	asked     bool
	active    []context.CancelCauseFunc // of contexts that no signal has canceled yet
	last      os.Signal                 // the last signal that canceled contexts, or nil
	at        time.Time                 // when that was
}

// Error is the cause of the cancellation of a [Context]. It wraps
// [context.Canceled].
type Error struct{ Signal os.Signal }

func (e *Error) Error() string { return "interrupted by " + Name(e.Signal) }

// Unwrap returns [context.Canceled].
func (e *Error) Unwrap() error { return context.Canceled }

// Name returns the name of a signal as in documentation, such as SIGTERM.
func Name(s os.Signal) string {
	if name, ok := names[s]; ok {
		return name
	}
	return s.String()
}

// Context returns a context that one of [Signals] cancels, such as that of Ctrl-C
// or of the stop button of a notebook. Its cause is an [*Error]. A second signal
// ends the program at once, with [ExitCode]. Signals within half a second after
// the first count as the first.
func Context() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	state.Lock()
	defer state.Unlock()
	state.asked = true
	state.active = append(state.active, cancel)
	if !state.listening {
		state.listening = true
		signals := make(chan os.Signal, 8)
		signal.Notify(signals, Signals()...)
		go func() {
			for s := range signals {
				receive(s, time.Now())
			}
		}()
	}
	return ctx
}

// receive handles a signal.
func receive(s os.Signal, now time.Time) {
	state.Lock()
	defer state.Unlock()
	if state.last != nil && len(state.active) == 0 {
		if now.Sub(state.at) < burst {
			return
		}
		exit(exitCode(s))
		return
	}
	if state.last == nil {
		survivePipes()
	}
	state.last, state.at = s, now
	for _, cancel := range state.active {
		cancel(&Error{s})
	}
	state.active = nil
}

// exit ends the program. Tests replace it.
var exit = os.Exit

// Asked reports whether this program has asked for a [Context], and may thus
// save something after an interrupt.
func Asked() bool {
	state.Lock()
	defer state.Unlock()
	return state.asked
}

// Received reports whether a signal has canceled a [Context] of this program.
func Received() bool { return Signal() != nil }

// Signal returns the last signal that has canceled a [Context] of this program,
// or nil.
func Signal() os.Signal {
	state.Lock()
	defer state.Unlock()
	return state.last
}

// ExitCode returns the exit code of a program that was interrupted:
// [ExitInterrupt] after Ctrl-C, and if no signal was received, [ExitAgain] after
// another signal.
func ExitCode() int { return exitCode(Signal()) }

func exitCode(s os.Signal) int {
	if s == nil || s == os.Interrupt {
		return ExitInterrupt
	}
	return ExitAgain
}

// Only reports whether an error is the cancellation of a context and nothing
// else. It is not if another error is joined to the cancellation, such as one of
// saving after it.
func Only(err error) bool {
	if err == nil {
		return false
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if part != nil && !Only(part) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return Only(inner)
		}
	}
	return errors.Is(err, context.Canceled)
}
