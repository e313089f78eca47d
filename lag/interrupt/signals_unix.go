//go:build unix

package interrupt

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals returns the signals that cancel a [Context]: SIGINT, SIGTERM, SIGHUP,
// SIGUSR1 and SIGUSR2, with which people and schedulers end programs or warn them
// of their end. SIGHUP is not among them in a program that was started to ignore
// it, as by nohup.
func Signals() []os.Signal {
	list := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}
	if !hangupIgnored {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// hangupIgnored is asked before this program changes that.
var hangupIgnored = signal.Ignored(syscall.SIGHUP)

// survivePipes keeps the program from ending when it writes to a pipe that nobody
// reads any more: a signal to a whole group of processes ends the reader too.
func survivePipes() { signal.Ignore(syscall.SIGPIPE) }

var names = map[os.Signal]string{
	syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP", syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2",
}
