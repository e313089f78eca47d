package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

func importCommand(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag import takes a source, which is a directory or hf:owner/name, and the directory to make; it was given %d arguments", len(arguments))}
		}
		source, out := arguments[0], arguments[1]
		if err := atomicfile.CheckDir(out); err != nil {
			return err
		}
		m, err := loadHF(ctx, source)
		if err != nil {
			return err
		}
		tokenizer, err := hf.CheckTokenizer(m.Files, m.Config.Vocabulary())
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		p := &trained.Model{Model: model.Model{Config: m.Config}, Snapshot: train.Snapshot{State: growth.State{Params: m.Params}}, Files: m.Files, Original: m.Original}
		if err := p.Save(out); err != nil {
			return err
		}
		fmt.Printf("%s: %s, with %s, from %s\n", out, p.Model.Summary(), tokenizer, source)
		return nil
	}
}

// loadHF loads a model of transformers. It shows a progress bar for downloads.
func loadHF(ctx context.Context, source string) (*hf.Model, error) {
	bars := newBars(os.Stderr)
	dir, err := hf.Download(ctx, source, func(done, total int64) { bars.stage("download", done, total) })
	bars.finish()
	if err != nil {
		return nil, err
	}
	return hf.Load(ctx, dir)
}
