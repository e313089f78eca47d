package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/internal/atomicfile"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/report"
)

const defaultPreset = "quick"

func study(flags *flag.FlagSet) func(context.Context, []string) error {
	preset := flags.String("preset", defaultPreset, "`name` of the study's preset: "+strings.Join(lag.Presets(), ", "))
	file := flags.String("config", "", "JSON `file` with the study's configuration, such as a study.json, in place of a preset")
	var options lag.Options
	flags.StringVar(&options.Dir, "out", "", "`directory` of the study (default runs/<name>)")
	flags.StringVar(&options.DataDir, "data", "", "`directory` of prepared data, shared by studies (default \".lag-data\" beside the study's)")
	flags.StringVar(&options.Backend, "backend", backend.Auto, "`name` of the "+backend.Help)
	dry := flags.Bool("print", false, "print the configuration as JSON and stop")
	overrides := configFlags(flags)

	return func(ctx context.Context, _ []string) error {
		config, err := lag.Preset(*preset)
		if *file != "" {
			config, err = readConfig(*file)
		}
		if err != nil {
			return usageError{err}
		}
		for _, override := range *overrides {
			override(&config)
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
		options.Observe = bars.observe
		s, err := lag.Open(ctx, config, options)
		bars.finish()
		if err == nil {
			defer s.Close()
			err = runStudy(ctx, s, bars)
		}
		if err != nil && errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "\n") {
			return errInterrupted{}
		}
		return err // a failure to save, joined to the interruption, among them
	}
}

// errInterrupted is what remains of a cancelled context once everything is saved.
type errInterrupted struct{}

func (errInterrupted) Error() string {
	return "interrupted; what was done is saved, and the same command goes on from there"
}
func (errInterrupted) Unwrap() error { return context.Canceled }

func runStudy(ctx context.Context, s *lag.Study, bars *bars) error {
	d := s.Dataset
	fmt.Fprintf(os.Stderr, "corpus %s: %d documents, %.1f MB, %d training and %d validation tokens; unigram entropy %.3f nats\n",
		d.Info.Name, d.Documents, float64(d.Bytes)/1e6, d.Train.Len(), d.Validation.Len(), d.UnigramEntropy)
	result, err := s.Run(ctx)
	bars.finish()
	if err != nil {
		return err
	}
	figures := figure.All(result)
	for _, f := range figures {
		if err := f.WriteFiles(filepath.Join(s.Dir(), "figures")); err != nil {
			return err
		}
	}
	if err := atomicfile.Write(filepath.Join(s.Dir(), "curves.csv"), func(w io.Writer) error { return report.CSV(w, result) }); err != nil {
		return err
	}
	printResult(os.Stdout, result)
	fmt.Printf("\nWritten to %s: result.json, curves.csv, figures/ (%d). `lag report %s` makes an HTML page of it.\n", s.Dir(), len(figures), s.Dir())
	return nil
}

// printResult prints a study's result as text.
func printResult(w io.Writer, r *lag.Result) {
	fmt.Fprintf(w, "\nSource model: %d layers, %d parameters, %d steps; validation loss %.3f nats, %.3f with its context shuffled; unigram entropy %.3f.\n\n",
		r.From, r.Source.Parameters, r.Source.Steps, float64(r.Source.Loss), float64(r.Source.ShuffledLoss), r.Source.UnigramEntropy)
	fmt.Fprintln(w, report.Table(r))
	fmt.Fprintln(w, report.Curve(r, 72))
	fmt.Fprintln(w, report.Picks(r))
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "Warning: "+warning)
	}
	fmt.Fprintln(w, r.Verdict)
}

func readConfig(path string) (lag.Config, error) {
	var config lag.Config
	text, err := os.ReadFile(path)
	if err != nil {
		return config, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&config); err != nil {
		return config, fmt.Errorf("%s is not a study's configuration: %w; `lag study -print` shows one", path, err)
	}
	return config, nil
}

// configFlags adds a flag for the settings that are changed most, and returns
// the changes that the command line asks for. Their defaults are the preset's.
func configFlags(flags *flag.FlagSet) *[]func(*lag.Config) {
	overrides := new([]func(*lag.Config))
	standard, _ := lag.Preset(defaultPreset)
	add := func(name, help string, field func(*lag.Config) any) {
		help = fmt.Sprintf("%s (default the preset's, which for %s is %v)", help, defaultPreset, deref(field(&standard)))
		flags.Func(name, help, func(text string) error {
			if err := set(field(new(lag.Config)), text); err != nil {
				return err
			}
			*overrides = append(*overrides, func(c *lag.Config) { set(field(c), text) })
			return nil
		})
	}
	add("name", "`name` of the study", func(c *lag.Config) any { return &c.Name })
	add("corpus", "`source` of the text: \"go\" for the prose of the Go installation, or the path or glob of .txt, .gz or .zst files",
		func(c *lag.Config) any { return &c.Data.Corpus.Source })
	add("vocab", "`tokens` in the vocabulary", func(c *lag.Config) any { return vocabulary{c} })
	add("from", "`layers` of the source model", func(c *lag.Config) any { return &c.Model.Layers })
	add("to", "`layers` of the grown models", func(c *lag.Config) any { return &c.Growth.To })
	add("hidden", "hidden size in `units`; the feed-forward size is four times that", func(c *lag.Config) any { return hidden{c} })
	add("heads", "attention `heads`", func(c *lag.Config) any { return &c.Model.Heads })
	add("positions", "`kind` of positions: learned, sinusoidal or relative", func(c *lag.Config) any { return (*string)(&c.Model.Positions) })
	add("length", "sequence length in `tokens`", func(c *lag.Config) any { return length{c} })
	add("batch", "batch size in `sequences`", func(c *lag.Config) any { return &c.BatchSize })
	add("validation", "validation set in `batches`", func(c *lag.Config) any { return &c.ValidationBatches })
	add("seed", "seed `number` of weights, batches and masks", func(c *lag.Config) any { return &c.Seed })
	add("pretrain", "pretraining `steps`", func(c *lag.Config) any { return &c.Pretrain.Schedule.Steps })
	add("pretrain-lr", "peak learning `rate` of pretraining", func(c *lag.Config) any { return &c.Pretrain.Schedule.Peak })
	add("steps", "training `steps` after growing", func(c *lag.Config) any { return &c.Growth.Schedule.Steps })
	add("lr", "peak learning `rate` after growing", func(c *lag.Config) any { return &c.Growth.Schedule.Peak })
	add("lag", "`steps` after growing at which LAG picks", func(c *lag.Config) any { return &c.Growth.ProbeSteps })
	add("strategies", "comma-separated `names` of the strategies to try (default all of the pool)",
		func(c *lag.Config) any { return &c.Growth.Strategies })
	return overrides
}

// Settings that are in several places of the configuration.
type (
	vocabulary struct{ *lag.Config }
	hidden     struct{ *lag.Config }
	length     struct{ *lag.Config }
)

// set parses text into the field that target points to.
func set(target any, text string) (err error) {
	switch t := target.(type) {
	case *string:
		*t = text
	case *int:
		*t, err = strconv.Atoi(text)
	case *int64:
		*t, err = strconv.ParseInt(text, 10, 64)
	case *float64:
		*t, err = strconv.ParseFloat(text, 64)
	case *[]string:
		*t = nil
		for _, name := range strings.Split(text, ",") {
			*t = append(*t, strings.TrimSpace(name))
		}
	case vocabulary:
		err = set(&t.Data.VocabSize, text)
		t.Model.VocabSize = t.Data.VocabSize
	case hidden:
		err = set(&t.Model.HiddenSize, text)
		t.Model.IntermediateSize = 4 * t.Model.HiddenSize
	case length:
		err = set(&t.Objective.SequenceLength, text)
		t.Model.MaxPositions = t.Objective.SequenceLength
	default:
		panic(fmt.Sprintf("no way to set a %T", target))
	}
	return err
}

func deref(target any) any {
	switch t := target.(type) {
	case *string:
		return *t
	case *int:
		return *t
	case *int64:
		return *t
	case *float64:
		return *t
	case *[]string:
		return "all"
	case vocabulary:
		return t.Data.VocabSize
	case hidden:
		return t.Model.HiddenSize
	case length:
		return t.Objective.SequenceLength
	}
	panic(fmt.Sprintf("no value of a %T", target))
}
