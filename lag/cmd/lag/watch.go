package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/watch"
)

func watchCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	port := flags.Int("port", 0, "`port` of 127.0.0.1 (default one that is free)")
	once := flags.Bool("once", false, "print the state as text, and end")
	wait := flags.Bool("wait", false, "show the page although nothing is in DIR yet")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag watch takes the directory of one study, stacking or training, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		dir := arguments[0]
		if *port < 0 || *port > 65535 {
			return usageError{fmt.Errorf("there is no port %d; use 1 to 65535", *port)}
		}
		if err := checkWatchable(dir, *wait); err != nil {
			return err
		}
		if *once {
			return watchOnce(ctx, dir)
		}
		return watch.Serve(ctx, dir, *port, func(address string) { printAddress(address) })
	}
}

// printAddress tells where the page is, and how to reach it from elsewhere.
func printAddress(address string) {
	fmt.Println(address)
	host, err := os.Hostname()
	at, err2 := url.Parse(address)
	if errors.Join(err, err2) == nil && os.Getenv("SSH_CONNECTION") != "" {
		fmt.Fprintf(os.Stderr, "From another machine: ssh -L %s:127.0.0.1:%s %s, then open that address there.\n", at.Port(), at.Port(), preview.Visible(host))
	}
	fmt.Fprintln(os.Stderr, "Ctrl-C ends it. What trains is not touched.")
}

// checkWatchable reports why there is nothing to watch in a directory.
func checkWatchable(dir string, wait bool) error {
	if err := checkDir(dir, "a study, a stacking or a training"); err != nil {
		return err
	}
	_, err := os.Stat(dir)
	switch {
	case err == nil && runs.IsOne(dir), wait:
		return nil
	case err != nil:
		return fmt.Errorf("there is no directory %s; begin the study first, or use -wait", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, train.ConfigFile)); err == nil {
		return fmt.Errorf("%s contains a single run; give the directory of the study, %s", dir, filepath.Dir(filepath.Clean(dir)))
	}
	return fmt.Errorf("%s contains no %s, %s or %s; `lag runs %s` lists what is in it, and -wait waits for one to begin", dir, result.StudyConfig, result.StackingConfig, result.TrainingConfig, plain.Quoted(dir))
}

// watchOnce prints the state of a directory.
func watchOnce(ctx context.Context, dir string) error {
	state, err := watch.Look(ctx, dir)
	if err != nil {
		return err
	}
	return watch.Text(os.Stdout, state)
}
