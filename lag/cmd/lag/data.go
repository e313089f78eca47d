package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"
	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/interrupt"
)

// dataCommands are the subcommands of `lag data`.
var dataCommands = []command{
	{"prepare", "", "turn a corpus into a dataset of tokens: train or load a vocabulary, and encode the text", dataPrepare, nil},
	{"train", "", "only train a vocabulary, and write it as tokenizer.json or tokenizer.model", dataTrain, nil},
	{"encode", "", "encode lines from standard input, each to a line of space-separated ids", dataEncode, nil},
	{"list", "", "list the datasets", dataList, nil},
	{"show", "[DATASET]", "show a few examples of an objective", dataShow, nil},
	{"batches", "RUN FILE", "write the batches of a run as a safetensors file, for PyTorch and others", dataBatches, nil},
	{"stats", "[DATASET]", "count documents and tokens, and draw the lengths of documents", dataStats, nil},
	{"verify", "[DATASET or STORE]", "read all prepared files and report damage", dataVerify, nil},
}

// defaultDataDir is the default directory of prepared data.
var defaultDataDir = filepath.Join("runs", ".lag-data")

func dataPrepare(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("data", defaultDataDir, "`directory` of prepared data, shared with studies")
	file := flags.String("config", "", "JSON `file` with a configuration, instead of the defaults; -print shows one")
	dry := flags.Bool("print", false, "print the configuration as JSON and stop")
	overrides := dataFlags(flags)
	return func(ctx context.Context, _ []string) error {
		config := data.DefaultConfig()
		if *file != "" {
			config = data.Config{}
			if err := readJSON(*file, &config); err != nil {
				return usageError{fmt.Errorf("%w; `lag data prepare -print` shows a configuration", err)}
			}
		}
		if err := overrides.apply(&config); err != nil {
			return usageError{err}
		}
		sized := *file != ""
		flags.Visit(func(f *flag.Flag) { sized = sized || f.Name == "vocab" })
		if config.TokenizerFile != "" && !sized {
			config.VocabSize = 0 // the file determines the size; the default is for a vocabulary to train
		}
		if err := config.Validate(); err != nil {
			return usageError{err}
		}
		if *dry {
			e := json.NewEncoder(os.Stdout)
			e.SetIndent("", "  ")
			return e.Encode(config)
		}
		bars := newBars(os.Stderr)
		d, err := data.Prepare(ctx, config, *dir, bars.stage)
		bars.finish()
		if interrupt.Only(err) {
			return errInterrupted{saved: "downloads and a trained vocabulary are kept"}
		}
		if err != nil {
			return err
		}
		defer d.Close()
		printDataset(d)
		warnSmaller(d.Tokenizer, config)
		return nil
	}
}

// warnSmaller warns if a vocabulary is smaller than requested.
func warnSmaller(t *tokenizer.Tokenizer, config data.Config) {
	if config.TokenizerFile == "" && t.VocabSize() < config.VocabSize {
		log.Warn("the vocabulary is smaller than requested: the corpus has too little text", "tokens", t.VocabSize(), "requested", config.VocabSize)
	}
}

// printDataset describes a dataset.
func printDataset(d *data.Dataset) {
	fmt.Printf("corpus     %s: %s, %s; licence: %s\n", preview.Visible(d.Info.Name), plain.Count(d.Documents, "document"), humanize.Bytes(uint64(d.Bytes)), preview.Visible(d.Info.License))
	fmt.Printf("tokenizer  %s, %s; %.2f%% of the text's tokens are unknown\n", d.Tokenizer.Kind(), plain.Count(d.Tokenizer.VocabSize(), "token"), 100*d.UnknownRate)
	fmt.Printf("tokens     %d for training, %d for validation; %.2f bytes per token; unigram entropy %.3f nats\n",
		d.Train.Len(), d.Validation.Len(), float64(d.Bytes)/float64(d.Train.Len()+d.Validation.Len()), d.UnigramEntropy)
	fmt.Printf("dataset    %s\n", d.Dir)
}
