package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/report"
)

func dataShow(flags *flag.FlagSet) func(context.Context, []string) error {
	kind := flags.String("objective", string(objective.KindMLM), "`name` of the objective: mlm, span-corruption, ul2, prefix-lm or causal-lm; or midas, a ul2 of 60% causal LM, 20% prefix LM and 20% span corruption")
	form := flags.String("form", "", "`form` of the model: encoder, encoder-decoder or decoder-only (default the usual one for the objective)")
	length := flags.Int("length", 64, "sequence length in `tokens`")
	file := flags.String("config", "", "JSON `file` with an objective's settings, instead of -objective, -form and -length")
	dry := flags.Bool("print", false, "print the objective's settings as JSON and stop")
	whole := flags.Bool("whole-words", false, "mask whole words (mlm only)")
	pairs := flags.Bool("pairs", false, "use sentence pairs with next-sentence labels (mlm only)")
	count := flags.Int("n", 3, "`number` of examples")
	seed := flags.Int64("seed", 1, "seed `number` for the examples")
	page := flags.String("html", "", "write an HTML page to a `file` instead")
	return func(ctx context.Context, arguments []string) error {
		o, err := chooseObjective(*kind, *form, *length, *file)
		if err != nil {
			return usageError{err}
		}
		if *whole || *pairs {
			mlm, ok := o.Settings.(objective.MLM)
			if !ok {
				return usageError{fmt.Errorf("-whole-words and -pairs need the objective mlm, not %s", o.Settings.Kind())}
			}
			mlm.WholeWords = mlm.WholeWords || *whole
			if *pairs {
				mlm.Pairs = objective.DefaultSentencePairs()
			}
			o.Settings = mlm
		}
		if *count < 1 {
			return usageError{fmt.Errorf("%d examples are not possible; use 1 or more", *count)}
		}
		if *dry {
			e := json.NewEncoder(os.Stdout)
			e.SetIndent("", "  ")
			return e.Encode(o)
		}
		d, err := openDataset(ctx, arguments)
		if err != nil {
			return err
		}
		defer d.Close()
		vocabulary := d.Vocabulary()
		if err := o.Validate(vocabulary); err != nil {
			if _, _, _, modes := d.Tokenizer.Modes(); o.Form != objective.Encoder && (!modes || len(vocabulary.Sentinels) == 0) {
				err = fmt.Errorf("%w; `lag data prepare -sentinels NUMBER -modes` makes a dataset with T5's and UL2's tokens", err)
			}
			return err
		}
		examples, err := preview.Examples(o, d.Train, vocabulary, d.Tokenizer, *count, *seed)
		if err != nil {
			return err
		}
		if *page != "" {
			fragment, err := preview.HTML(examples)
			if err != nil {
				return err
			}
			table, err := objectiveTable(o)
			if err != nil {
				return err
			}
			title := html.EscapeString(fmt.Sprintf("%s, %s: %s", o.Settings.Kind(), o.Form, d.Info.Name))
			err = atomicfile.Write(*page, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<h1>%s</h1>\n<pre>%s</pre>\n%s", title, title, html.EscapeString(table), fragment)
				return err
			})
			if err == nil {
				fmt.Println(*page)
			}
			return err
		}
		table, err := objectiveTable(o)
		if err != nil {
			return err
		}
		if table != "" {
			fmt.Println(table)
		}
		return preview.Text(os.Stdout, examples, terminalWidth(), preview.Coloured(os.Stdout))
	}
}

// objectiveTable returns the table of an objective's lengths, or "" if it has
// none.
func objectiveTable(o objective.Objective) (string, error) {
	t, ok := o.Settings.(interface {
		Table(objective.Form) (string, error)
	})
	if !ok {
		return "", nil
	}
	return t.Table(o.Form)
}

// usualForm is the form of model for which an objective is mostly used.
var usualForm = map[objective.Kind]objective.Form{
	objective.KindMLM: objective.Encoder, objective.KindSpanCorruption: objective.EncoderDecoder, objective.KindUL2: objective.EncoderDecoder,
	objective.KindPrefixLM: objective.DecoderOnly, objective.KindCausalLM: objective.DecoderOnly,
}

// midasObjective is the name of a mixture, whose kind is that of UL2.
const midasObjective = "midas"

func chooseObjective(kind, form string, length int, file string) (objective.Objective, error) {
	var o objective.Objective
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return o, err
		}
		if err := strictjson.Unmarshal(text, &o); err != nil {
			return o, fmt.Errorf("%s does not contain the settings of an objective: %w; `lag data show -print` shows some", file, err)
		}
		return o, nil
	}
	f := objective.Form(form)
	if kind == midasObjective {
		if f == "" {
			f = objective.DecoderOnly
		}
		return objective.Objective{Form: f, Settings: objective.MIDAS(length)}, nil
	}
	if form == "" {
		f = usualForm[objective.Kind(kind)]
	}
	return objective.Default(objective.Kind(kind), f, length)
}

// terminalWidth returns the number of columns of the terminal, or 100 if there
// is none.
func terminalWidth() int {
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
		return width
	}
	return 100
}

func dataStats(flags *flag.FlagSet) func(context.Context, []string) error {
	out := flags.String("figures", "", "`directory` for a figure of the lengths of documents, as PNG, SVG and Vega-Lite")
	asJSON := flags.Bool("json", false, "print JSON")
	return func(ctx context.Context, arguments []string) error {
		d, err := openDataset(ctx, arguments)
		if err != nil {
			return err
		}
		defer d.Close()
		bars := newBars(os.Stderr)
		s, err := data.Stats(ctx, d, bars.stage)
		bars.finish()
		if errors.Is(err, context.Canceled) {
			return errInterrupted{}
		}
		if err != nil {
			return err
		}
		if *out != "" {
			if err := figure.DocumentLengths(s).WriteFiles(*out); err != nil {
				return err
			}
		}
		if *asJSON {
			e := json.NewEncoder(os.Stdout)
			e.SetIndent("", "  ")
			return e.Encode(s)
		}
		printDataset(d)
		fmt.Println()
		fmt.Print(report.Data(s))
		if *out != "" {
			fmt.Printf("\nDrawn in %s.\n", *out)
		}
		return nil
	}
}

func dataVerify(flags *flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		var path string
		var err error
		if len(arguments) == 1 && isStore(arguments[0]) {
			path = arguments[0]
		} else if path, err = datasetDir(arguments); err != nil {
			return err
		}
		bars := newBars(os.Stderr)
		v, err := data.Verify(ctx, path, bars.stage)
		bars.finish()
		if errors.Is(err, context.Canceled) {
			return errors.Join(errors.New("interrupted before everything was read"), err)
		}
		if err != nil {
			return err
		}
		for _, m := range v.Stores {
			fmt.Printf("%s: %s in %s, no damage\n", m.Split, plain.Count(m.Tokens, "token"), plain.Count(m.Documents, "document"))
		}
		if v.Fingerprint != "" {
			fmt.Printf("dataset %s: fingerprint %s\n", path, v.Fingerprint)
		}
		return nil
	}
}

// isStore reports whether path is one of a token store's files or their common
// prefix.
func isStore(path string) bool {
	switch filepath.Ext(path) {
	case ".bin", ".idx", ".json":
		return true
	}
	info, err := os.Stat(path + ".json")
	return err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, "/")
}
