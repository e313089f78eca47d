//go:build !unix

package interrupt

import (
	"os"
	"syscall"
)

// Signals returns the signals that cancel a [Context].
func Signals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func survivePipes() {}

var names = map[os.Signal]string{os.Interrupt: "SIGINT", syscall.SIGTERM: "SIGTERM"}
