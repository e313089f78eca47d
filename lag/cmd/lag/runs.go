package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
)

const runsDir = "runs"

var runsCommands = []command{
	{"list", "[DIR]", "list the studies, stackings and trainings in DIR (default runs), with kind, status, last change and size; if DIR is one of them, list its runs", runsList, nil},
	{"du", "[DIR]", "print the sizes of studies, stackings, trainings and prepared data in DIR (default runs) and of their checkpoints", runsUsage, nil},
	{"clean", "DIR", "remove files that the study, stacking or training in DIR no longer needs: states of candidates when it is complete, damaged files, leftovers; " +
		"results, metrics, the source model, picked models and a stacking's final models are kept", runsClean, nil},
	{"continue", "DIR", "train the run in DIR to its end. DIR is one run of a study, a stacking or a training. The runs that it grows from must be in the same directory", runsContinue, nil},
}

// directoryArgument returns the only argument of a command, or "runs".
func directoryArgument(name string, arguments []string) (string, error) {
	switch len(arguments) {
	case 0:
		return runsDir, nil
	case 1:
		return arguments[0], nil
	}
	return "", usageError{fmt.Errorf("lag runs %s takes one directory, such as runs; it was given %s", name, plain.Count(len(arguments), "argument"))}
}

func runsList(*flag.FlagSet) func(context.Context, []string) error {
	return func(_ context.Context, arguments []string) error {
		dir, err := directoryArgument("list", arguments)
		if err != nil {
			return err
		}
		if runs.IsOne(dir) {
			return listOne(os.Stdout, dir)
		}
		entries, err := runs.Find(dir)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "directory\tkind\tstatus\truns\tchanged\tsize")
		found := false
		for _, e := range entries {
			if e.Kind == runs.Data {
				continue
			}
			found = true
			fmt.Fprintf(w, "%s\t%s\t%s\t%d of %d\t%s\t%s\n", preview.Visible(e.Path), e.Kind, e.Status, e.Done, e.Runs, e.When.Local().Format("2006-01-02 15:04"), humanize.Bytes(uint64(e.Size)))
		}
		if !found {
			fmt.Printf("there are no runs in %s yet\n", dir)
			return nil
		}
		return w.Flush()
	}
}

// listOne lists the runs of one study, stacking or training.
func listOne(out io.Writer, dir string) error {
	list, err := runs.List(dir)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tkind\tstrategy\tseed\tsteps\tvalidation loss\tstatus\tstate")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d of %d\t%s\t%s\t%s\n", preview.Visible(r.Name), cmp.Or(string(r.Kind), "train"), cmp.Or(preview.Visible(r.Strategy), "–"), r.Seed, r.Steps, r.Of, report.Number(result.Number(r.Loss), 4), r.Status, stateOf(r))
	}
	return w.Flush()
}

// stateOf says whether the state of a run is there.
func stateOf(r runs.Run) string {
	switch {
	case r.States > 0:
		return "kept"
	case r.Released:
		return "removed"
	}
	return "none"
}

func runsUsage(*flag.FlagSet) func(context.Context, []string) error {
	return func(_ context.Context, arguments []string) error {
		dir, err := directoryArgument("du", arguments)
		if err != nil {
			return err
		}
		entries, err := runs.Find(dir)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "directory\tkind\tsize\tcheckpoints")
		var size, states int64
		for _, e := range entries {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", preview.Visible(e.Path), e.Kind, humanize.Bytes(uint64(e.Size)), humanize.Bytes(uint64(e.States)))
			size, states = size+e.Size, states+e.States
		}
		fmt.Fprintf(w, "all\t\t%s\t%s\n", humanize.Bytes(uint64(size)), humanize.Bytes(uint64(states)))
		return w.Flush()
	}
}

func runsClean(flags *flag.FlagSet) func(context.Context, []string) error {
	dry := flags.Bool("n", false, "only print what would be removed")
	unused := flags.Bool("unused", false, "also remove runs that cannot belong to the configuration in the directory, such as those of an earlier one")
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag runs clean takes the directory of one study, stacking or training, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if err := checkDir(arguments[0], "one study, stacking or training"); err != nil {
			return err
		}
		plan, err := runs.PlanCleaning(arguments[0], *unused)
		if err != nil {
			return err
		}
		if *dry {
			return printPlan(os.Stdout, plan)
		}
		removed, err := plan.Apply()
		fmt.Printf("%s removed from %s\n", humanize.Bytes(uint64(removed)), preview.Visible(plan.Dir))
		printBusy(os.Stdout, plan)
		return err
	}
}

func printPlan(out io.Writer, p *runs.Plan) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, item := range p.Items {
		path, err := filepath.Rel(p.Dir, item.Path)
		if err != nil {
			path = item.Path
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", preview.Visible(path), humanize.Bytes(uint64(item.Size)), item.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s would be removed from %s\n", humanize.Bytes(uint64(p.Size())), preview.Visible(p.Dir))
	printBusy(out, p)
	return nil
}

func printBusy(out io.Writer, p *runs.Plan) {
	for _, run := range p.Busy {
		fmt.Fprintf(out, "%s is skipped: a process is training it\n", preview.Visible(run))
	}
}

func runsContinue(flags *flag.FlagSet) func(context.Context, []string) error {
	data := flags.String("data", "", "`directory` of prepared data (default \".lag-data\" beside the study's)")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag runs continue takes the directory of one run, such as runs/quick/0123456789abcdef; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if err := checkDir(arguments[0], "one run"); err != nil {
			return err
		}
		bars := newBars(os.Stderr)
		done, err := lag.Continue(ctx, arguments[0], lag.Options{DataDir: *data, Observe: bars.observe})
		bars.finish()
		if err != nil {
			return bars.interruption(err, arguments[0])
		}
		if done.DivergedAt != nil {
			return fmt.Errorf("the run diverged at step %d", *done.DivergedAt)
		}
		fmt.Printf("%s: %s, validation loss %.4f nats\n", arguments[0], plain.Count(done.Steps, "step"), float64(done.Loss))
		return nil
	}
}
