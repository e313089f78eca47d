package lag

import (
	"context"

	"github.com/landscape-aware/growing/lag/interrupt"
)

// Interruptible returns a context that is canceled by Ctrl-C, by the stop
// button of a notebook, or by SIGTERM, SIGHUP, SIGUSR1 or SIGUSR2. A study then
// saves its state and returns. A second signal ends the program at once, half a
// second after the first at the earliest. In a notebook, notebook.Context does the
// same, and the cell says where it stopped.
func Interruptible() context.Context { return interrupt.Context() }
