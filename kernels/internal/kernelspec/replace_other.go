//go:build !unix

package kernelspec

import (
	"fmt"
	"os"
	"os/exec"
)

func replace(l Launch) error {
	cmd := exec.Command(l.Program, l.Args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = l.Env, os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %s: %w", l.Program, err)
	}
	return nil
}
