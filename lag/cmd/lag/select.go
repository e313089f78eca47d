package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

func selectCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	text := flags.String("rule", "", "space-separated selection `rules`: "+selection.Forms()+" (default the study's)")
	budgets := flags.String("budgets", "", "space-separated extra `costs` in trainings of one candidate: compares the regret of all rules at each, such as \"0.25 0.5 1 2\"")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag select takes the directory of one study, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		if result.IsStacking(arguments[0]) {
			return fmt.Errorf("%s contains a stacking; its arms picked while they were trained, and lag report shows what", arguments[0])
		}
		if err := checkDir(arguments[0], "a study"); err != nil {
			return err
		}
		study, _, err := lag.LoadStudy(arguments[0])
		if study == nil { // its configuration may be lost, but a result suffices
			study, err = result.LoadStudy(arguments[0])
		}
		if err != nil {
			return mending(arguments[0], err)
		}
		if *budgets != "" {
			if *text != "" {
				return usageError{errors.New("lag select compares all rules at some budgets, or shows the picks of some rules; give -budgets or -rule")}
			}
			return compareBudgets(ctx, os.Stdout, study, *budgets)
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
		if err := w.Flush(); err != nil {
			return err
		}
		for _, p := range picks {
			if text := undecided(p.Rule, p.Seed, p.Strategy, p.Undecided); text != "" {
				fmt.Println(text)
			}
		}
		return nil
	}
}

// undecided says that a rule could not tell its pick from others, or "" if it
// could.
func undecided(rule string, seed int64, pick string, others []string) string {
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, seed %d: %s is not told from %s; the rule would take more steps, or more validation batches", rule, seed, pick, strings.Join(others, ", "))
}

// compareBudgets prints the regret of all rules that the recorded losses can
// answer, at each budget of a text.
func compareBudgets(ctx context.Context, w io.Writer, study *result.Study, text string) error {
	var budgets []float64
	for _, field := range strings.Fields(text) {
		budget, err := strconv.ParseFloat(field, 64)
		if err != nil || !(budget >= 0) || math.IsInf(budget, 0) {
			return usageError{fmt.Errorf("the budget %q is not a number of trainings, 0 or more", field)}
		}
		budgets = append(budgets, budget)
	}
	sweeps, err := aggregate.Sweeps(ctx, study)
	if err != nil {
		return err
	}
	fmt.Fprint(w, report.Sweeps(sweeps, budgets...))
	return nil
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
