package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/hf"
)

func exportCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	file := flags.String("tokenizer", "", "`file` of the tokenizer, or the directory of a dataset, if the model's directory has no tokenizer")
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag export takes the directory of a model or of a run, and the directory to make; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		dir, out := arguments[0], arguments[1]
		if hf.IsModel(dir) {
			return fmt.Errorf("%s is already a directory for transformers; lag import makes a model directory from it", dir)
		}
		if err := atomicfile.CheckDir(out); err != nil {
			return err
		}
		p, err := loadModel(dir)
		if err != nil {
			return err
		}
		if *file != "" {
			tmp, err := os.MkdirTemp("", "lag-tokenizer-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(tmp)
			t, err := loadTokenizer(*file)
			if err == nil {
				err = t.SaveTo(tmp)
			}
			if err != nil {
				return err
			}
			p.Files = hf.TokenizerFiles(tmp)
		}
		if err := hf.Save(out, p.ForTransformers()); err != nil {
			return err
		}
		fmt.Printf("%s: %s, from %s\n", out, p.Model.Summary(), dir)
		return nil
	}
}
