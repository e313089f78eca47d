package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/plain"
)

func dataTrain(flags *flag.FlagSet) func(context.Context, []string) error {
	out := flags.String("out", "", "`directory` for the tokenizer's file")
	overrides := dataFlags(flags, "tokenizer", "validation-fraction", "split-seed", "license")
	return func(ctx context.Context, _ []string) error {
		config := data.DefaultConfig()
		if err := overrides.apply(&config); err != nil {
			return usageError{err}
		}
		if *out == "" {
			return usageError{errors.New("no directory was given for the tokenizer's file; use -out DIR")}
		}
		if err := config.Validate(); err != nil {
			return usageError{err}
		}
		if err := os.MkdirAll(*out, 0o755); err != nil {
			return err
		}
		begun := time.Now()
		bars := newBars(os.Stderr)
		t, err := data.TrainTokenizer(ctx, config, bars.stage)
		bars.finish()
		if err == nil {
			err = t.SaveTo(*out)
		}
		if err != nil {
			return err
		}
		warnSmaller(t, config)
		fmt.Printf("%s: %s, %s, trained in %.1f s\n", filepath.Join(*out, t.FileName()), t.Kind(), plain.Count(t.VocabSize(), "token"), time.Since(begun).Seconds())
		return nil
	}
}
