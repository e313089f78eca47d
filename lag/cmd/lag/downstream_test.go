package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/downstream"
)

// TestAbsentModels checks what is said of models that have no score.
func TestAbsentModels(t *testing.T) {
	model := lag.FinalModel{Strategy: "stack", Seed: 1, Dir: "runs/a b"}
	var many []downstream.Absent
	for range 20 {
		many = append(many, downstream.Absent{Model: model, Task: "follow", Why: errors.New("its loss is not finite")})
	}
	for _, c := range []struct {
		list []downstream.Absent
		want []string
	}{
		{nil, nil},
		{[]downstream.Absent{{Model: model, Why: errors.New("damaged")}}, []string{"strategy stack with seed 1 was not measured: damaged"}},
		{many[:1], []string{"strategy stack with seed 1 has no score in follow: its loss is not finite"}},
		{many, []string{"has no score in follow", "14 more such lines"}},
		{[]downstream.Absent{{Model: model, Why: fs.ErrNotExist}}, []string{"1 of the source and 3 candidates have no final state", "`lag runs continue 'runs/a b'`"}},
	} {
		got := absentModels(c.list, 3, "runs/a b")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if (got == "") != (c.want == nil) || strings.Count(got, "\n") > 6 {
			t.Errorf("got %q", got)
		}
	}
}

// TestDownstream measures the models of a study, reports them, and says which models are
// not there.
func TestDownstream(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "study")
	cmd, output := lagCommand(t, append(studyArguments(t, dir, backend.Go), "-length", "24")...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	sst := "sentence\tlabel\n"
	for i := range 60 {
		sst += fmt.Sprintf("%s\t%d\n", strings.Repeat([]string{"good ", "bad "}[i%2], 1+i%4), i%2)
	}
	glue, other := filepath.Join(root, "glue", "SST-2"), filepath.Join(root, "other.txt")
	if err := os.MkdirAll(glue, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{filepath.Join(glue, "train.tsv"): sst, filepath.Join(glue, "dev.tsv"): sst, other: strings.Repeat("The ship sailed on, and the wind was fair that day.\n\n", 40)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(root, "glue", "STS-B"), os.DirFS(glue)); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"downstream", "-examples", "40", "-corpus", other, "-glue", filepath.Dir(glue), dir}
	cmd, output = lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, want := range []string{"measure source: model 1 of", "follow", "loss on other", "tokens of other", "SST-2", "cannot be read are left out", "STS-B", "reliability", "downstream.csv"} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("lag downstream lacks %q: %s", want, output)
		}
	}
	for _, name := range []string{"downstream.json", "downstream.csv", "figures/downstream.png"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	cmd, output = lagCommand(t, "report", "-again", dir)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), "Other tasks") || !strings.Contains(string(page), "loss on other") {
		t.Errorf("the report lacks the other tasks, %v", err)
	}
	cmd, output = lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil || strings.Contains(output.String(), "measure source") {
		t.Errorf("again: %v: %s", err, output)
	}

	cmd, output = lagCommand(t, "downstream", "-remove", "loss on othr", dir)
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), `(did you mean "loss on other"?)`) {
		t.Errorf("removing what is not there: %v: %s", err, output)
	}
	cmd, output = lagCommand(t, "downstream", "-remove", "loss on other", "-remove", "SST-2", dir)
	if err := cmd.Run(); err != nil || !strings.Contains(output.String(), "Removed loss on other, SST-2.") || !strings.Contains(output.String(), "downstream.json.old") {
		t.Errorf("removing: %v: %s", err, output)
	}
	table, err := os.ReadFile(filepath.Join(dir, "downstream.csv"))
	if text := string(table); err != nil || strings.Contains(text, "loss on other") || strings.Contains(text, "SST-2") || !strings.Contains(text, "tokens of other") {
		t.Errorf("after removing two tasks: %v, %s", err, text)
	}
	cmd, output = lagCommand(t, arguments...)
	if err := cmd.Run(); err != nil || !strings.Contains(output.String(), "measure source") || !strings.Contains(output.String(), "loss on other") {
		t.Errorf("measuring again what was removed: %v: %s", err, output)
	}

	removing := []string{"downstream"}
	for _, task := range []string{"follow", "loss on other", "tokens of other", "SST-2"} {
		removing = append(removing, "-remove", task)
	}
	cmd, output = lagCommand(t, append(removing, dir)...)
	if err := cmd.Run(); err != nil {
		t.Errorf("removing all: %v: %s", err, output)
	}
	for _, name := range []string{"downstream.csv", "figures/downstream.png", "figures/downstream.svg"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without any task there is %s, %v", name, err)
		}
	}
	cmd, output = lagCommand(t, "report", dir)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "report.html")); err != nil || strings.Contains(string(page), "Other tasks") {
		t.Errorf("without any task the report has other tasks, %v", err)
	}

	states, err := filepath.Glob(filepath.Join(dir, "*", "checkpoint"))
	if err != nil || len(states) == 0 {
		t.Fatal(states, err)
	}
	for _, state := range states {
		if err := os.RemoveAll(state); err != nil {
			t.Fatal(err)
		}
	}
	cmd, output = lagCommand(t, "downstream", "-examples", "30", dir)
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), "have no final state any more") || !strings.Contains(output.String(), "-keep all") || !strings.Contains(output.String(), "none of the") {
		t.Errorf("without states: %v: %s", err, output)
	}
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{nil, "lag downstream takes the directory of one study"},
		{[]string{root}, "contains no study.json"},
		{[]string{"-glue", filepath.Join(root, "none"), dir}, "cannot read the directory of GLUE"},
		{[]string{"-examples", "1", dir}, "1 examples are not possible"},
		{[]string{"-remove", "follow", "-corpus", other, dir}, "with -remove nothing is measured; leave out -corpus"},
		{[]string{"-batches", "100000", "-corpus", other, dir}, "use fewer batches (-batches)"},
	} {
		cmd, output := lagCommand(t, append([]string{"downstream"}, c.arguments...)...)
		if err := cmd.Run(); err == nil || !strings.Contains(output.String(), c.want) {
			t.Errorf("lag downstream %v: %v: %s, want %q", c.arguments, err, output, c.want)
		}
	}
}
