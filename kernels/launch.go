package main

import (
	"context"
	"flag"
	"os"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

func launch(_ context.Context, c checkout.Checkout, args []string) error {
	var kind, connection string
	rest, err := parse("launch", args, func(f *flag.FlagSet) {
		f.StringVar(&kind, "kind", "cpu", "`kind` of kernel: cpu, go, cuda or tpu")
		f.StringVar(&connection, "connection", "", "connection `file` from Jupyter")
	})
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	l, err := kernelspec.Prepare(c, kind, connection, plugin.Find(plugin.SearchPath()), os.Environ())
	if err != nil {
		return err
	}
	return l.Run()
}
