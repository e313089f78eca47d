package lag

import (
	"context"

	"github.com/landscape-aware/growing/lag/interrupt"
)

// Interruptible returns a context that is canceled by Ctrl-C, by the stop
// button of a notebook, or by SIGTERM. A study then saves its state and
// returns. A second interrupt ends the program at once. In a notebook,
// notebook.Context does the same, and the cell says where it stopped.
func Interruptible() context.Context { return interrupt.Context() }
