//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

func setGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Interrupt sends SIGINT to a process and its group.
func Interrupt(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) }

// Terminate sends SIGTERM to a process, but not to its children.
func Terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// ended reports whether the process has ended and was waited for.
func ended(p *os.Process) bool { return p.Signal(syscall.Signal(0)) != nil }

// Kill kills a process and its group.
func Kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
