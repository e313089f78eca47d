package main

import (
	"path/filepath"
	"regexp"
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
