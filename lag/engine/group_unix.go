//go:build unix

package engine

import (
	"os/exec"
	"syscall"
)

// setProcessGroup starts a command in its own process group, so that it does
// not receive the terminal's interrupts: this process stops it, see [Started], and
// what a terminal sends twice would end it before it has saved its state.
func setProcessGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
