//go:build unix

package main

import (
	"os"
	"syscall"
)

// pause stops a process without ending it.
func pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }
