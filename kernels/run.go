package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/nbrun"
)

func runNotebooks(ctx context.Context, c checkout.Checkout, args []string) error {
	o := nbrun.Options{}
	paths, err := parse("run", args, func(f *flag.FlagSet) {
		f.StringVar(&o.Dir, "o", c.Private("executed"), "`directory` for the executed copies")
		f.BoolVar(&o.InPlace, "inplace", false, "replace the source of a notebook that passed, to commit it with outputs")
		f.DurationVar(&o.Timeout, "timeout", 20*time.Minute, "`time` limit for one cell, such as 90s or 5m")
		f.StringVar(&o.Kernel, "kernel", kernelspec.Default, "`kernel` to run with: lag-cpu, lag-go, lag-cuda or lag-tpu")
	})
	if err != nil {
		return err
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("%w: -timeout %s is not a positive time", errUsage, o.Timeout)
	}
	if len(paths) == 0 {
		if paths, err = checkout.Files(c.Notebooks(), "", ".ipynb"); err != nil || len(paths) == 0 {
			return fmt.Errorf("no notebooks in %s", c.Notebooks())
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("no such notebook: %w (flags come before notebooks)", err)
		}
	}
	if err := ensure(ctx, c, usual); err != nil {
		return err
	}
	if _, ok := kernelspec.Installed(c)[o.Kernel]; !ok {
		return fmt.Errorf("the kernel %s is not installed; `go run ./kernels doctor` lists the installed ones", o.Kernel)
	}
	failed := 0
	for _, path := range paths {
		start := time.Now()
		log.Info("executing", "notebook", path, "kernel", o.Kernel)
		executed, err := nbrun.Run(ctx, c, path, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var bad *nbrun.FailedError
		switch {
		case errors.As(err, &bad):
			failed++
			log.Error("notebook failed", "notebook", path)
			fmt.Println(bad)
		case err != nil:
			return err
		default:
			log.Info("notebook passed", "took", time.Since(start).Round(100*time.Millisecond), "executed", executed)
		}
	}
	fmt.Printf("notebooks: %d passed, %d failed\n", len(paths)-failed, failed)
	if failed > 0 {
		return errReported
	}
	return nil
}
