package main

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/landscape-aware/growing/kernels/internal/cell"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// buildCell builds a cell's program in place of the go command, whose arguments
// and output it has.
func buildCell(ctx context.Context, _ checkout.Checkout, args []string) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	output, err := cell.Build(ctx, dir, args)
	if _, writeErr := os.Stderr.Write(output); writeErr != nil {
		return writeErr
	}
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return errReported // the output says it
	}
	return err
}
