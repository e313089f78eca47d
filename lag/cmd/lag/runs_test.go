package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

func output(t *testing.T, arguments ...string) string {
	t.Helper()
	cmd, out := lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("lag %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
	return out.String()
}

// TestRuns lists, reports and cleans a study and a stacking.
func TestRuns(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "one")
	output(t, append(studyArguments(t, dir, backend.Go), "-strategies", "stack,random-top")...)
	stacking := filepath.Join(root, "stacked")
	arguments := studyArguments(t, stacking, backend.Go)
	arguments[0] = "stack"
	if text := output(t, arguments...); !strings.Contains(text, "above best") || !strings.Contains(text, "curves.csv") {
		t.Errorf("lag stack prints\n%s", text)
	}

	list := output(t, "runs", root)
	if list != output(t, "runs", "list", root) {
		t.Error("lag runs and lag runs list differ")
	}
	for _, want := range []string{dir, "study", "stacking", "complete"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %q in\n%s", want, list)
		}
	}
	if runs := output(t, "runs", dir); !strings.Contains(runs, "pretrain") || !strings.Contains(runs, "random-top") {
		t.Errorf("the runs of the study are\n%s", runs)
	}
	if usage := output(t, "runs", "du", root); !strings.Contains(usage, "data") || !strings.Contains(usage, "\nall ") {
		t.Errorf("lag runs du prints\n%s", usage)
	}
	for _, of := range []string{dir, stacking} {
		if page := output(t, "report", of); !strings.Contains(page, "report.html") {
			t.Errorf("lag report prints %s", page)
		}
		file := filepath.Join(of, result.StudyResult)
		if result.IsStacking(of) {
			file = filepath.Join(of, result.StackingResult)
		}
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text := output(t, "report", "-again", of); !strings.Contains(text, "computed again") {
			t.Errorf("the output does not say that it was analyzed again: %s", text)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
			t.Errorf("lag report -again changed %s (%v)", file, err)
		}
		if of == dir {
			checkFinals(t, dir, before)
		}
		dry := output(t, "runs", "clean", "-n", of)
		if !strings.Contains(dry, "would be removed") || !strings.Contains(dry, "state of a") {
			t.Errorf("lag runs clean -n prints\n%s", dry)
		}
		if again := output(t, "runs", "clean", "-n", of); again != dry {
			t.Error("lag runs clean -n removed something")
		}
		output(t, "runs", "clean", of)
		if after := output(t, "runs", "clean", "-n", of); after != "0 B would be removed from "+of+"\n" {
			t.Errorf("after cleaning, lag runs clean -n prints\n%s", after)
		}
	}
	runs, err := filepath.Glob(filepath.Join(dir, "*", train.ConfigFile))
	if err != nil || len(runs) == 0 {
		t.Fatalf("%s has no runs (%v)", dir, err)
	}
	cmd, out := lagCommand(t, "report", "-again", filepath.Dir(runs[0]))
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "contains a single run; give the directory of the study, "+dir) {
		t.Errorf("lag report -again of a run: %v, %s", err, out)
	}
	cmd, out = lagCommand(t, "runs", "clean")
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "one study") {
		t.Errorf("lag runs clean without a directory prints %s", out)
	}
}

// TestDamagedResult checks that a damaged result is named with the command that
// makes it again, and that the command does.
func TestDamagedResult(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	arguments := append(studyArguments(t, dir, backend.Go), "-strategies", "stack,random-top")
	output(t, arguments...)
	want := resultOf(t, dir)
	for _, name := range []string{"result.json", "study.json"} {
		if err := os.Truncate(filepath.Join(dir, name), 200); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"report", "select"} {
			cmd, out := lagCommand(t, command, dir)
			if err := cmd.Run(); err == nil && (name == "result.json" || command == "report") {
				t.Errorf("lag %s of a damaged %s succeeds: %s", command, name, out)
			} else if err != nil && (!strings.Contains(out.String(), name+" is damaged") || !strings.Contains(out.String(), "the command is")) {
				t.Errorf("lag %s of a damaged %s prints %s", command, name, out)
			}
		}
		if list := output(t, "runs", filepath.Dir(dir)); !strings.Contains(list, "damaged") {
			t.Errorf("with a damaged %s, lag runs prints\n%s", name, list)
		}
		again := arguments
		if name == "result.json" { // the command that lag report names
			again = []string{"study", "-config", filepath.Join(dir, "study.json"), "-out", dir, "-backend", backend.Go}
		}
		if text := output(t, again...); strings.Contains(text, "another configuration") || !bytes.Equal(resultOf(t, dir), want) {
			t.Errorf("with a damaged %s, the study makes another result, or says %s", name, text)
		}
	}
}

// checkFinals checks that the final losses of a study become means and the former ones
// again, without training. before is the contents of its result.
func checkFinals(t *testing.T, dir string, before []byte) {
	t.Helper()
	for n, want := range map[string]string{"-1": "-final-evaluations is -1; it must not be negative", "99": "-final-evaluations is 99; it must be at most"} {
		cmd, out := lagCommand(t, "report", "-again", "-final-evaluations", n, dir)
		if err := cmd.Run(); err == nil || !strings.Contains(out.String(), want) {
			t.Errorf("lag report -final-evaluations %s: %v, %s", n, err, out)
		}
	}
	cmd, out := lagCommand(t, "report", "-final-evaluations", "2", dir)
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "give -again") {
		t.Errorf("lag report -final-evaluations without -again: %v, %s", err, out)
	}
	read := func(name string) []byte {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	output(t, "report", "-again", "-final-evaluations", "2", dir)
	for _, name := range []string{result.StudyResult, result.StudyConfig} {
		if text := read(name); !bytes.Contains(text, []byte(`"final_evaluations": 2`)) {
			t.Errorf("%s does not say that final losses are means", name)
		}
	}
	output(t, "report", "-again", dir) // study.json says so now
	if text := read(result.StudyResult); !bytes.Contains(text, []byte(`"final_evaluations": 2`)) {
		t.Errorf("analyzed again, the final losses are others")
	}
	output(t, "report", "-again", "-final-evaluations", "0", dir)
	if !bytes.Equal(read(result.StudyResult), before) {
		t.Error("without means, the result is another one than before")
	}
}
