package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/data/sealed"
)

func dataList(flags *flag.FlagSet) func(context.Context, []string) error {
	dir := flags.String("data", defaultDataDir, "`directory` of prepared data")
	return func(context.Context, []string) error {
		found, err := datasets(*dir)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "dataset\tprepared\tcorpus\ttokenizer\ttokens")
		for _, f := range found {
			d, err := data.OpenUnchecked(f.dir)
			if err != nil {
				fmt.Fprintf(w, "%s\t%s\tdamaged; `lag data verify %s` shows details\n", preview.Visible(f.dir), f.made.Format(time.DateTime), preview.Visible(f.dir))
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s, %d tokens\t%d\n", preview.Visible(f.dir), f.made.Format(time.DateTime), preview.Visible(d.Info.Name),
				d.Tokenizer.Kind(), d.Tokenizer.VocabSize(), d.Train.Len()+d.Validation.Len())
			d.Close()
		}
		return w.Flush()
	}
}

// found is a dataset on disk.
type found struct {
	dir  string
	made time.Time
}

// datasets returns the datasets in a directory, the latest first, without those
// that were set aside as damaged. It returns an error if there are none.
func datasets(dir string) ([]found, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []found
	for _, f := range files {
		d := filepath.Join(dir, f.Name())
		aside := strings.HasPrefix(f.Name(), ".") || filepath.Ext(f.Name()) == sealed.DamagedExt
		if info, err := f.Info(); err == nil && !aside && data.IsDataset(d) {
			out = append(out, found{d, info.ModTime()})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no dataset in %s; `lag data prepare` makes one and prints its path", dir)
	}
	slices.SortStableFunc(out, func(a, b found) int { return b.made.Compare(a.made) })
	return out, nil
}

// openDataset opens the dataset that a command's arguments name; see
// datasetDir.
func openDataset(ctx context.Context, arguments []string) (*data.Dataset, error) {
	dir, err := datasetDir(arguments)
	if err != nil {
		return nil, err
	}
	bars := newBars(os.Stderr)
	defer bars.finish()
	return data.OpenContext(ctx, dir, bars.stage)
}

// datasetDir returns the directory of the dataset that a command's arguments
// name. The argument is the dataset's directory, the start of its name, or a
// directory of datasets, which means the latest. Without arguments datasetDir
// returns the latest in the default directory.
func datasetDir(arguments []string) (string, error) {
	dir := defaultDataDir
	switch {
	case len(arguments) == 1:
		dir = arguments[0]
	case slices.ContainsFunc(arguments, func(a string) bool { return strings.HasPrefix(a, "-") }):
		return "", usageError{fmt.Errorf("flags must come before the dataset: %s", strings.Join(arguments, " "))}
	case len(arguments) > 1:
		return "", usageError{fmt.Errorf("give one dataset, not %d", len(arguments))}
	}
	if err := checkDir(dir, "a dataset, or of several"); err != nil {
		return "", err
	}
	if data.IsDataset(dir) {
		return dir, nil
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && filepath.Base(dir) == dir {
		all, err := datasets(defaultDataDir)
		if err != nil {
			return "", err
		}
		all = slices.DeleteFunc(all, func(f found) bool { return !strings.HasPrefix(filepath.Base(f.dir), dir) })
		if len(all) != 1 {
			return "", fmt.Errorf("%s is not a directory, and the names of %s in %s start with it; `lag data list` lists them", dir, plain.Count(len(all), "dataset"), defaultDataDir)
		}
		return all[0].dir, nil
	}
	all, err := datasets(dir)
	if err != nil {
		return "", err
	}
	if len(all) > 1 {
		fmt.Fprintf(os.Stderr, "%s, the latest of %d; `lag data list` lists them\n", all[0].dir, len(all))
	}
	return all[0].dir, nil
}
