package lag

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that an interrupt cancels: Ctrl-C, the stop
// button of a notebook, or a request to terminate. A study then saves and
// returns. A second interrupt ends the program at once.
func Interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
