//go:build !unix

package cluster

import (
	"errors"
	"os/exec"
)

func alone(*exec.Cmd) error {
	return errors.New("processes that go on alone need Unix; without an engine, this process starts its workers")
}
