//go:build unix

package engine

import (
	"os/exec"
	"syscall"
)

// apart keeps a terminal's interrupt from a command: this process passes it on,
// and a second one would end it before it has saved its state.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
