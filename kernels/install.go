package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

func installKernels(ctx context.Context, c checkout.Checkout, args []string) error {
	var replace bool
	chosen, err := parse("install", args, func(f *flag.FlagSet) {
		f.BoolVar(&replace, "replace", false, "replace kernels of the same names that another checkout or program installed")
	})
	if err != nil {
		return err
	}
	for _, kind := range chosen {
		if !slices.Contains(kernelspec.Kinds(), kind) {
			return fmt.Errorf("%w: there is no kernel for %q%s; they are %s", errUsage, kind, closest.Hint(kind, kernelspec.Kinds()), strings.Join(kernelspec.Kinds(), ", "))
		}
	}
	if err := ensure(ctx, c, usual); err != nil {
		return err
	}
	goProgram, err := kernelspec.LookGo()
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		chosen = kernelspec.Offered(plugin.Find(plugin.SearchPath()))
	}
	paths, err := kernelspec.InstallForUser(c, goProgram, chosen, replace)
	for _, path := range paths {
		fmt.Println(path)
	}
	return err
}

func uninstallKernels(_ context.Context, c checkout.Checkout, args []string) error {
	rest, err := parse("uninstall", args, func(*flag.FlagSet) {})
	if err == nil {
		err = noArgs(rest)
	}
	if err != nil {
		return err
	}
	removed, left, err := kernelspec.UninstallForUser(c)
	for _, path := range removed {
		fmt.Printf("removed %s\n", path)
	}
	for _, path := range left {
		fmt.Printf("%s is of another checkout and stays; uninstall it there\n", path)
	}
	if err == nil && len(removed)+len(left) == 0 {
		fmt.Println("your own Jupyter has no kernels of this project")
	}
	return err
}
