package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

func selectCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	text := flags.String("rule", "", "space-separated selection `rules`: "+selection.Forms()+" (default the study's)")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag select takes the directory of one study, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if result.IsStacking(arguments[0]) {
			return fmt.Errorf("%s contains a stacking; its arms picked while they were trained, and lag report shows what", arguments[0])
		}
		study, _, err := lag.LoadStudy(arguments[0])
		if study == nil { // its configuration may be lost, but a result suffices
			study, err = result.LoadStudy(arguments[0])
		}
		if err != nil {
			return mending(arguments[0], err)
		}
		picks := study.Picks
		if *text != "" {
			rules, err := parseRules(*text)
			if err != nil {
				return usageError{err}
			}
			if picks, err = study.Replay(ctx, rules); err != nil {
				return err
			}
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "rule\tseed\tpick\tregret\tnormalized\textra steps\textra FLOPs")
		for _, p := range picks {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%.3g\n", p.Rule, p.Seed, p.Choice(), report.Number(p.Regret, 4), report.Number(p.RegretNorm, 2), p.ExtraSteps, p.ExtraFLOPs)
		}
		return w.Flush()
	}
}

func parseRules(text string) ([]selection.Rule, error) {
	var rules []selection.Rule
	for _, field := range strings.Fields(text) {
		rule, err := selection.Parse(field)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
