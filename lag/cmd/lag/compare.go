package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

func compareCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	out := flags.String("o", "", "`directory` to write to: comparison.html, .png, .svg, .vl.json and .csv, and the figures claims and budgets with their CSVs (default \"comparison\" beside the first study)")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) < 2 {
			return usageError{fmt.Errorf("lag compare takes the directories of two or more studies, such as runs/quick runs/bert; it was given %d", len(arguments))}
		}
		var studies []aggregate.Named
		var configs []any
		names := comparedNames(arguments)
		for i, dir := range arguments {
			if result.IsStacking(dir) {
				return fmt.Errorf("%s contains a stacking; lag compare is for studies, and a stacking compares its arms itself, see lag report", dir)
			}
			if err := checkReportable(dir); err != nil {
				return err
			}
			study, config, err := lag.LoadStudy(dir)
			if err != nil {
				return mending(dir, err)
			}
			studies, configs = append(studies, aggregate.Named{Name: names[i], Study: study}), append(configs, config)
		}
		c, err := aggregate.Compare(studies...)
		if err != nil {
			return err
		}
		settings, err := aggregate.Differences(configs...)
		if err != nil {
			return err
		}
		if _, err := c.Budgets(ctx); err != nil { // takes longest; what follows has it
			return err
		}
		fmt.Println(report.Comparison(c, settings))
		dir := *out
		if dir == "" {
			first, err := filepath.Abs(arguments[0]) // "." has no parent
			if err != nil {
				return err
			}
			dir = filepath.Join(filepath.Dir(first), "comparison")
		}
		return writeComparison(dir, c, settings, arguments)
	}
}

// comparedNames returns the names of studies in a comparison: those of their
// directories, with as much of their paths as tells them apart.
func comparedNames(dirs []string) []string {
	names := make([]string, len(dirs))
	for i, dir := range dirs {
		path := filepath.Clean(dir)
		if absolute, err := filepath.Abs(dir); err == nil {
			path = absolute // "." has no name
		}
		names[i] = path
	}
	for depth := 1; ; depth++ {
		short := make([]string, len(names))
		whole := true
		for i, path := range names {
			parts := strings.Split(filepath.ToSlash(path), "/")
			whole = whole && len(parts) <= depth
			short[i] = strings.Join(parts[max(0, len(parts)-depth):], "/")
		}
		unique := true
		for i, name := range short {
			unique = unique && !slices.Contains(short[:i], name)
		}
		if unique || whole {
			return short
		}
	}
}

// writeComparison writes the page, the figure and the correlations of a comparison.
func writeComparison(dir string, c *aggregate.Comparison, settings []aggregate.Setting, arguments []string) error {
	f := figure.Compare(c)
	for _, one := range []figure.Figure{f, figure.Claims(c), figure.Budgets(c)} {
		if err := one.WriteFiles(dir); err != nil {
			return err
		}
	}
	command := "lag compare"
	for _, argument := range arguments {
		command += " " + plain.Quoted(argument)
	}
	page := filepath.Join(dir, f.Name+".html")
	err := atomicfile.Write(page, func(w io.Writer) error {
		return report.ComparisonHTML(w, c, settings, report.Meta{Command: command, Versions: versions(c.Studies[0].Backend)})
	})
	for name, write := range map[string]func(io.Writer, *aggregate.Comparison) error{f.Name: report.ComparisonCSV, "claims": report.ClaimsCSV, "budgets": report.BudgetsCSV} {
		if err == nil {
			err = atomicfile.Write(filepath.Join(dir, name+".csv"), func(w io.Writer) error { return write(w, c) })
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, page)
	return nil
}
