//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

func setGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interrupt asks the process and its group to end.
func interrupt(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) }

// Terminate asks a process to end: it alone, which ends its own children.
func Terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// ended tells whether the process has ended and was waited for.
func ended(p *os.Process) bool { return p.Signal(syscall.Signal(0)) != nil }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
