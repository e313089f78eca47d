//go:build !unix

package engine

import "os/exec"

// setProcessGroup does nothing.
func setProcessGroup(*exec.Cmd) {}
