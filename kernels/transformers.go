package main

import (
	"context"
	"flag"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/pyenv"
)

// setUpTransformers makes the Python environment in which notebook 07 loads what it has
// exported.
func setUpTransformers(ctx context.Context, c checkout.Checkout, args []string) error {
	rest, err := parse("transformers", args, func(*flag.FlagSet) {})
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	return locked(ctx, c, func(ctx context.Context) error { return pyenv.EnsureTransformers(ctx, c) })
}
