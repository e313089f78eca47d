package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/copies"
	"github.com/landscape-aware/growing/kernels/internal/gotools"
	"github.com/landscape-aware/growing/kernels/internal/lab"
)

func openLab(ctx context.Context, c checkout.Checkout, args []string) error {
	var o lab.Options
	var noBrowser, originals bool
	rest, err := parse("lab", args, func(f *flag.FlagSet) {
		f.IntVar(&o.Port, "port", 0, "TCP `port` to listen on; 0 means the first free port from 8888")
		f.StringVar(&o.IP, "ip", "127.0.0.1", "`address` to listen on; any other than 127.0.0.1 lets other machines connect, with the token, without encryption")
		f.StringVar(&o.Token, "token", "", "`token` that the browser must send; by default a new random one")
		f.BoolVar(&noBrowser, "no-browser", false, "do not open a browser, only print the address")
		f.BoolVar(&originals, "originals", false, "open notebooks/, the files that git follows, and not your copies in "+copies.Name+"/")
	})
	if err == nil {
		err = noArgs(rest)
	}
	if err == nil && (o.Port < 0 || o.Port > 65535) {
		err = fmt.Errorf("%w: -port %d is not between 0 and 65535", errUsage, o.Port)
	}
	if err != nil {
		return err
	}
	o.Browser = !noBrowser
	if err := ensure(ctx, c, usual); err != nil {
		return err
	}
	o.Dir = c.Notebooks()
	if !originals {
		o.Dir = copies.Dir(c)
		if err := refreshCopies(c); err != nil {
			return err
		}
	}
	go prepareCompletion(ctx, c) // while JupyterLab starts
	return lab.Run(ctx, c, o)
}

// refreshCopies brings a person's copies of the notebooks up to date.
func refreshCopies(c checkout.Checkout) error {
	r, err := copies.Refresh(c)
	if err != nil {
		return err
	}
	if n := len(r.New) + len(r.Updated); n > 0 {
		log.Info("your copies of the notebooks are in "+copies.Name+"/, which git ignores", "new", len(r.New), "updated", len(r.Updated))
	}
	for _, name := range r.Edited {
		log.Info("a copy has your edits and stays; notebooks/ has another version: rename your copy to get that too", "copy", filepath.Join(copies.Name, name))
	}
	return nil
}

// prepareCompletion makes the first completion quick. Notebooks work without it.
func prepareCompletion(ctx context.Context, c checkout.Checkout) {
	if err := gotools.Index(ctx, c); err != nil && ctx.Err() == nil {
		log.Warn("the first completion of names will be slow", "why", err)
	}
}
