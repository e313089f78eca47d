//go:build unix

package cluster

import (
	"os/exec"
	"syscall"
)

// alone makes a process go on when this one or its terminal ends.
func alone(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return nil
}
