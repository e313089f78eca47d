//go:build unix

package kernelspec

import (
	"fmt"
	"syscall"
)

func replace(l Launch) error {
	if err := syscall.Exec(l.Program, l.Args, l.Env); err != nil {
		return fmt.Errorf("starting %s: %w", l.Program, err)
	}
	return nil
}
