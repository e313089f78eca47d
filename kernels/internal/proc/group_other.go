//go:build !unix

package proc

import (
	"os"
	"os/exec"
)

func setGroup(*exec.Cmd) {}

// Interrupt kills a process.
func Interrupt(p *os.Process) error { return p.Kill() }

// Terminate kills a process.
func Terminate(p *os.Process) error { return p.Kill() }

func ended(*os.Process) bool { return true }

// Kill kills a process.
func Kill(p *os.Process) { _ = p.Kill() }
