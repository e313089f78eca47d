package lag

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that is canceled by Ctrl-C, by the stop
// button of a notebook, or by SIGTERM. A study then saves its state and
// returns. A second interrupt ends the program at once.
func Interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
