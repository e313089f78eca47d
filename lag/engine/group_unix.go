//go:build unix

package engine

import (
	"os/exec"
	"syscall"
)

// setProcessGroup starts a command in its own process group, so that it does
// not receive the terminal's interrupts. This process passes interrupts on, and
// a second one would end the command before it has saved its state.
func setProcessGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
