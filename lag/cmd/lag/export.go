package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/hf"
)

func exportCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	file := flags.String("tokenizer", "", "`file` of the tokenizer, or the directory of a dataset, where the model has none beside it")
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag export takes the directory of a model or of a run, and the directory to make; it was given %d arguments", len(arguments))}
		}
		dir, out := arguments[0], arguments[1]
		p, err := lag.LoadPretrained(dir)
		if err != nil {
			return err
		}
		if *file != "" {
			if p.Files, err = tokenizerFiles(*file); err != nil {
				return err
			}
		}
		if err := hf.Save(out, &hf.Model{Config: p.Model.Model, Params: p.Params, Files: p.Files}); err != nil {
			return err
		}
		fmt.Printf("%s: %s, from %s\n", out, describe(p.Model), dir)
		return nil
	}
}

// tokenizerFiles returns the tokenizer's files of a dataset, or the one named.
func tokenizerFiles(path string) ([]string, error) {
	if _, err := loadTokenizer(path); err != nil {
		return nil, err
	}
	if data.IsDataset(path) {
		return hf.TokenizerFiles(path), nil
	}
	return []string{filepath.Clean(path)}, nil
}
