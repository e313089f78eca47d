package main

import (
	"context"
	"flag"
	"os"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/doctor"
)

func examine(ctx context.Context, c checkout.Checkout, args []string) error {
	rest, err := parse("doctor", args, func(*flag.FlagSet) {})
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	out := log.NewWithOptions(os.Stdout, log.Options{})
	works := doctor.Examine(ctx, c, func(f doctor.Finding) {
		var keyvals []any
		if f.Fix != "" {
			keyvals = []any{"fix", f.Fix}
		}
		switch f.Status {
		case doctor.Works:
			out.Info(f.Name+": "+f.Text, keyvals...)
		case doctor.Absent:
			out.Warn(f.Name+": "+f.Text, keyvals...)
		default:
			out.Error(f.Name+": "+f.Text, keyvals...)
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !works {
		out.Error("notebooks do not work here yet")
		return errReported
	}
	out.Info("notebooks work here on the CPU")
	return nil
}
