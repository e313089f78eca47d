//go:build unix

package cluster

import (
	"os/exec"
	"syscall"
)

// apart keeps Ctrl-C in a terminal from a command: what it was asked to do is done
// or not, but it is known which.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
