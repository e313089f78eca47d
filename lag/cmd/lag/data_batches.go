package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
)

// dataBatches writes the batches of a run for other programs.
func dataBatches(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("data", defaultDataDir, "`directory` of prepared data")
	steps := flags.Int("steps", 0, "write the batches of the first `steps`; 0 for all")
	validation := flags.Bool("validation", false, "write the validation set instead")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag data batches takes the directory of a run and the file to make, after its flags; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if *validation && *steps != 0 {
			return usageError{fmt.Errorf("-validation writes the whole validation set; remove -steps %d", *steps)}
		}
		if err := named(arguments[1], ".safetensors"); err != nil {
			return err
		}
		run, file, o := arguments[0], arguments[1], lag.Options{DataDir: *dir}
		err := checkDir(run, "a run")
		if err != nil {
			return err
		}
		if *validation {
			err = lag.WriteValidation(ctx, run, file, o)
		} else {
			err = lag.WriteTraining(ctx, run, file, *steps, o)
		}
		if err != nil {
			return err
		}
		fmt.Println(file)
		return nil
	}
}

// named returns an error if a file to write has none of these extensions, so that a
// mistyped name does not overwrite a file of another kind.
func named(file string, extensions ...string) error {
	if slices.Contains(extensions, strings.ToLower(filepath.Ext(file))) {
		return nil
	}
	return usageError{fmt.Errorf("%s is not named as the file that this writes; end its name in %s", file, strings.Join(extensions, " or "))}
}
