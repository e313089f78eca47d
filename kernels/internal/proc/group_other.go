//go:build !unix

package proc

import (
	"os"
	"os/exec"
)

func setGroup(*exec.Cmd) {}

func interrupt(p *os.Process) error { return p.Kill() }

// Terminate kills a process.
func Terminate(p *os.Process) error { return p.Kill() }

func ended(*os.Process) bool { return true }

func killGroup(*os.Process) {}
