package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/downstream"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

func downstreamCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	var o downstream.Options
	flags.Func("corpus", "`text` of another domain, in any form that lag study takes; once for each", func(text string) error {
		o.Corpora = append(o.Corpora, text)
		return nil
	})
	flags.StringVar(&o.GLUE, "glue", "", "`directory` with tasks of GLUE (train.tsv, dev.tsv) or SuperGLUE (train.jsonl, val.jsonl), each in a subdirectory of its name; nothing is downloaded")
	flags.IntVar(&o.Examples, "examples", 0, "most `examples` to fit a classifier (default 2,000)")
	flags.IntVar(&o.Batches, "batches", 0, "`batches` of each text (default as many as the study's validation set has)")
	flags.Int64Var(&o.Seed, "seed", 0, "`seed` of the examples and batches (default the study's)")
	flags.StringVar(&o.DataDir, "data", "", "`directory` of prepared data (default .lag-data beside DIR)")
	backendVar(flags, &o.Backend, "", " (default the study's)")
	var remove []string
	flags.Func("remove", "`task` to remove, by its name in the table, such as \"loss on news\"; once for each; nothing is measured. The next measurement has \"follow\" again", func(text string) error {
		if !slices.Contains(remove, text) {
			remove = append(remove, text)
		}
		return nil
	})
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag downstream takes the directory of one study, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if err := o.Validate(); err != nil {
			return usageError{err}
		}
		dir := arguments[0]
		if result.IsStacking(dir) {
			return fmt.Errorf("%s contains a stacking; lag downstream is for studies", dir)
		}
		if err := checkReportable(dir); err != nil {
			return err
		}
		if len(remove) > 0 {
			return removeTasks(ctx, flags, dir, remove)
		}
		f, err := lag.OpenFinished(dir)
		if err != nil {
			return mending(dir, err)
		}
		bars := newBars(os.Stderr)
		o.Observe = bars.observe
		m, err := downstream.Measure(ctx, f, o)
		bars.finish()
		if interrupt.Only(err) {
			return errInterrupted{saved: "what was measured is kept in " + filepath.Join(dir, result.DownstreamResult)}
		}
		if err != nil {
			return err
		}
		return showMeasured(os.Stdout, f, m)
	}
}

// removeTasks removes tasks, and draws the others again.
func removeTasks(ctx context.Context, flags *flag.FlagSet, dir string, names []string) error {
	var others []string
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "remove" {
			others = append(others, "-"+f.Name)
		}
	})
	if len(others) > 0 {
		return usageError{fmt.Errorf("with -remove nothing is measured; leave out %s", strings.Join(others, ", "))}
	}
	copied, err := downstream.Remove(ctx, dir, names)
	if err != nil {
		return err
	}
	fmt.Printf("Removed %s. The file as it was is %s. `lag report %s` shows what is left.\n", strings.Join(names, ", "), copied, plain.Quoted(dir))
	r, _, err := lag.LoadStudy(dir)
	if r == nil {
		return mending(dir, err)
	}
	return drawDownstream(dir, r, measuredOf(dir, r))
}

// showMeasured prints what was measured and writes its table and figure.
func showMeasured(w io.Writer, f *lag.Finished, m *downstream.Measured) error {
	ended, absent := 0, 0
	for _, model := range f.Models {
		if model.Ended {
			ended++
		}
	}
	for _, a := range m.Absent {
		if a.Model.Strategy != "" && a.Task == "" {
			absent++
		}
	}
	if text := absentModels(m.Absent, ended, f.Dir); text != "" {
		fmt.Fprintln(w, text)
	}
	if absent == ended || len(m.Scores) == 0 {
		return fmt.Errorf("none of the %s of %s can be measured, so there is no order of strategies to compare", plain.Count(ended, "candidate"), f.Dir)
	}
	fmt.Fprintln(w, report.Downstream(f.Result, m.Downstream))
	fmt.Fprintln(w, `Rho is Spearman's, of the order by final loss with the order by score: 1 if they are the same.
Reliability says whether the task tells the strategies apart: the correlation of their scores on
two halves of it, stepped up to the whole. ± is half of the 95% interval of one model's score. Lost
is how much worse the strategy with the lowest final loss is than the best one in the task, of those measured.`)
	const few = 12 // as for the warning of a study
	tasks := aggregate.DownstreamTasks(f.Result, m.Downstream)
	if fewest := slices.MinFunc(tasks, func(a, b aggregate.Downstream) int { return a.Measured - b.Measured }); fewest.Measured < few {
		fmt.Fprintf(w, "Only %s in %s: a correlation over fewer than %d says little, whatever the reliability.\n", plain.Count(fewest.Measured, "strategy"), fewest.Name, few)
	}
	for _, t := range tasks {
		if t.Partial() {
			fmt.Fprintf(w, "%s was measured of %d of %d strategies; the same command measures the others whose states are kept.\n", t.Name, t.Measured, t.Ended)
		}
		if math.IsNaN(t.Reliability) {
			fmt.Fprintf(w, "%s has no reliability, because its scores hardly differ or too few models were measured, so its rho says nothing.\n", t.Name)
		}
		if t.IsNoise() {
			fmt.Fprintf(w, "%s does not tell the strategies apart, so its rho says nothing; more examples or batches, or strategies that differ more, may.\n", t.Name)
		}
	}
	if err := drawDownstream(f.Dir, f.Result, m.Downstream); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s, %s and %s; `lag report %s` shows them\n", filepath.Join(f.Dir, result.DownstreamResult), filepath.Join(f.Dir, result.DownstreamTable), filepath.Join(f.Dir, result.FiguresDir, "downstream.png"), plain.Quoted(f.Dir))
	return nil
}

// drawDownstream writes the table and the figure of measurements. Without any, d is nil or
// empty, and those of former ones are removed.
func drawDownstream(dir string, r *result.Study, d *result.Downstream) error {
	path := filepath.Join(dir, result.DownstreamTable)
	var err error
	if d != nil && len(d.Scores) > 0 {
		err = atomicfile.Write(path, func(w io.Writer) error { return report.DownstreamCSV(w, r, d) })
	} else if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if one := figure.Downstream(r, d); !errors.Is(one.Err, figure.ErrNoData) {
		err = errors.Join(err, one.WriteFiles(filepath.Join(dir, result.FiguresDir)))
	} else {
		err = errors.Join(err, one.RemoveFiles(filepath.Join(dir, result.FiguresDir)))
	}
	return err
}

// measuredOf returns what was measured of a study's models, or nil. What cannot be read
// is said, and is no reason to have no report.
func measuredOf(dir string, r *result.Study) *result.Downstream {
	d, err := result.DownstreamOf(dir, r)
	if err != nil {
		log.Warn("the measurements on other tasks are left out", "because", err)
		return nil
	}
	return d
}

// absentModels says which models could not be measured, and what to do, or "".
func absentModels(list []downstream.Absent, ended int, dir string) string {
	const most = 6 // that are named
	var gone []downstream.Absent
	var lines []string
	for _, a := range list {
		switch {
		case errors.Is(a.Why, fs.ErrNotExist):
			gone = append(gone, a)
		case a.Task != "":
			lines = append(lines, fmt.Sprintf("%s has no score in %s: %v", a.Model.Name(), a.Task, a.Why))
		default:
			lines = append(lines, fmt.Sprintf("%s was not measured: %v", a.Model.Name(), a.Why))
		}
	}
	if n := len(lines) - most; n > 1 {
		lines = append(lines[:most], fmt.Sprintf("There are %d more such lines, which are left out here.", n))
	}
	if len(gone) > 0 {
		var names []string
		for _, a := range gone[:min(most, len(gone))] {
			names = append(names, a.Model.Name())
		}
		if len(gone) > most {
			names = append(names, fmt.Sprintf("%d more", len(gone)-most))
		}
		lines = append(lines, fmt.Sprintf("%d of the source and %s have no final state any more, so they were not measured: %s. A study that is run with -keep all keeps them all; `lag runs continue %s` trains one again.",
			len(gone), plain.Count(ended, "candidate"), strings.Join(names, ", "), plain.Quoted(gone[0].Model.Dir)))
	}
	return strings.Join(lines, "\n")
}
