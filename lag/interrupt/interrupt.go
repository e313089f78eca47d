// Package interrupt turns an interrupt into the cancellation of a context, and
// tells from an error whether that is all that happened.
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

// contexts are those that this program has asked for.
var contexts struct {
	sync.Mutex
	list []context.Context
}

// Context returns a context that is canceled by Ctrl-C, by the stop button of a
// notebook, or by SIGTERM. A second interrupt ends the program at once.
func Context() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	contexts.Lock()
	defer contexts.Unlock()
	contexts.list = append(contexts.list, ctx)
	return ctx
}

// Asked reports whether this program has asked for a [Context], and may thus
// save something after an interrupt.
func Asked() bool {
	contexts.Lock()
	defer contexts.Unlock()
	return len(contexts.list) > 0
}

// Received reports whether an interrupt has canceled a [Context] of this
// program.
func Received() bool {
	contexts.Lock()
	defer contexts.Unlock()
	return slices.ContainsFunc(contexts.list, func(ctx context.Context) bool { return ctx.Err() != nil })
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
