package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/advice"
)

// TestAdvice checks that errors of libraries name fields, and that the command
// names its flags instead.
func TestAdvice(t *testing.T) {
	err := fmt.Errorf("checking: %w", advice.Errorf(advice.BatchSize, "%d is too much", 9))
	if got, want := err.Error(), "checking: 9 is too much (batch_size)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, err := range []error{err, usageError{err}} {
		if got, want := withFlags(err), "checking: 9 is too much (-batch)"; got != want {
			t.Errorf("%T: got %q, want %q", err, got, want)
		}
	}
}

// TestRangesNameFlags checks that errors about values that are out of range name
// the flag, and come before anything is read or written.
func TestRangesNameFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string]string{
		"study -preset smoke -batch -1":           "-batch is -1; it must be at least 1",
		"study -preset smoke -length 0":           "bert: -length is 0; it must be at least 1",
		"study -preset smoke -steps -5":           "-steps is -5; it must be at least 1",
		"study -preset smoke -validation -3":      "-validation is -3; it must be at least 1",
		"study -preset smoke -pretrain -3":        "-pretrain is -3; it must be at least 1",
		"study -preset smoke -lag -1":             "-lag is -1; it must be at least 1",
		"study -preset smoke -rules lag:5,oracle": "rules are separated by spaces",
		"study -preset smoke -seeds 1;2":          "separate several by commas",
		"train -preset bert -steps -1":            "-steps is -1; it must be at least 1",
		"train -preset bert -warmup -1":           "a warm-up of -1 steps is not possible",
		"train -preset bert -micro-batches -2":    "-micro-batches is -2; it must be at least 1",
		"train -preset ul2 -length -1":            "-length is -1; it must be at least 1",
		"stack -preset smoke -steps -1":           "-steps gives stage 1 of 2 layers 0 steps",
	} {
		var out strings.Builder
		if code := run(t.Context(), strings.Fields(line), &out); code == 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, %q, want %q", line, code, out.String(), want)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("they left %v, %v", left, err)
	}
}

func TestAdviceInSeveralErrors(t *testing.T) {
	err := errors.Join(advice.Value(advice.BatchSize, "is %d", -1), fmt.Errorf("bert: %w", advice.Value(advice.Positions, "is 0")), advice.Errorf(advice.Seeds, "too few"))
	if got, want := withFlags(err), "-batch is -1\nbert: -length is 0\ntoo few (-seeds 1,2)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintVersion(t *testing.T) {
	var out strings.Builder
	printVersion(&out, &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.1.0"},
		Deps:     []*debug.Module{{Path: "github.com/gomlx/gomlx", Version: "v0.28.3"}, {Path: "github.com/gomlx/go-xla", Version: "v0.4.1"}},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123"}, {Key: "vcs.modified", Value: "true"}}})
	for _, want := range []string{"lag       v0.1.0, revision 0123, changed\n", "go        go1.26.8 ", "gomlx     v0.28.3\n", "go-xla    v0.4.1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}
