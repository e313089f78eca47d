package main

import (
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// TestSelectCommand checks that a rule picks the same live and on the curves of
// a complete study, with each seed.
func TestSelectCommand(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "whole", "study")
	arguments := append(studyArguments(t, dir, backend.Go), "-seeds", "3,4")
	output(t, arguments...)
	replayed := output(t, "select", "-rule", "halving:2,2", dir)
	arguments[6] = filepath.Join(root, "live", "study")
	live := output(t, append(arguments, "-select", "halving:2,2")...)
	for _, seed := range []string{"3", "4"} {
		a := regexp.MustCompile(`(?m)^halving:2,2\s+` + seed + `\s+(\S+)`).FindStringSubmatch(replayed)
		b := regexp.MustCompile(`seed ` + seed + `: halving:2,2 picks (\S+), final loss`).FindStringSubmatch(live)
		if a == nil || b == nil || a[1] != b[1] {
			t.Errorf("with seed %s the study picks %q and the live selection %q:\n%s\n%s", seed, a, b, replayed, live)
		}
	}
}

// TestSelectAtBudgets: all rules are compared at each budget, and what is no
// budget is refused.
func TestSelectAtBudgets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	arguments := append(studyArguments(t, dir, backend.Go), "-rules", "lag:2 race:1,1 oracle")
	output(t, arguments...)
	table := output(t, "select", "-budgets", "0.5 2", dir)
	for _, want := range []string{"regret for at most", "0.5", "lag", "best of n random"} {
		if !strings.Contains(table, want) {
			t.Errorf("the comparison lacks %q:\n%s", want, table)
		}
	}
	if picks := output(t, "select", "-rule", "race:1,1", dir); !strings.Contains(picks, "race:1,1") {
		t.Errorf("the race did not pick:\n%s", picks)
	}
	for _, bad := range [][]string{{"-budgets", "x"}, {"-budgets", "-1"}, {"-budgets", "Inf"}, {"-budgets", "1", "-rule", "lag:2"}} {
		err := dispatch(t.Context(), "lag", commands, append(append([]string{"select"}, bad...), dir), io.Discard)
		var usage usageError
		if !errors.As(err, &usage) {
			t.Errorf("%v: error %v", bad, err)
		}
	}
}

func TestUndecided(t *testing.T) {
	if text := undecided("race:2,5", 1, "stack", nil); text != "" {
		t.Errorf("a rule that decided says %q", text)
	}
	if text := undecided("race:2,5", 1, "stack", []string{"a", "b"}); text != "race:2,5, seed 1: stack is not told from a, b; the rule would take more steps, or more validation batches" {
		t.Errorf("a rule that did not says %q", text)
	}
}
