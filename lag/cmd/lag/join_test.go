package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// checkpoints returns the number of states in the runs of a study.
func checkpoints(dir string) int {
	found, _ := filepath.Glob(filepath.Join(dir, "*", "checkpoint", "step-*.safetensors"))
	return len(found)
}

// TestJoin starts three workers on a directory that does not exist yet, kills one
// and starts it again. The plain command afterwards trains nothing, and makes the
// result of one process.
func TestJoin(t *testing.T) {
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "alone", "study"), backend.Go), "-pretrain", "300", "-seeds", "1,2", "-controls", "scratch")
	want := finish(t, arguments)

	dir := filepath.Join(root, "joined", "study")
	arguments[6] = dir
	join := append(arguments, "-join")
	var workers []*process
	for range 3 {
		workers = append(workers, startProcess(t, join))
	}
	await(t, "states", func() bool { return checkpoints(dir) > 1 })
	if err := workers[0].Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-workers[0].ended
	workers[0] = startProcess(t, join)
	for _, w := range workers {
		w.succeeds(t)
		if out := w.output(t); !strings.Contains(out, "nothing is left") {
			t.Errorf("a worker does not say what is left: %s", out)
		}
	}
	for _, file := range []string{"result.json", "curves.csv", "figures"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			t.Errorf("the workers made %s", file)
		}
	}
	before := logSizes(t, dir)
	if got := finish(t, arguments); !bytes.Equal(got, want) {
		t.Error("result.json differs from that of one process")
	}
	if after := logSizes(t, dir); after != before {
		t.Errorf("the plain command trained something: the logs had %d bytes, and then %d", before, after)
	}
	trainedOnce(t, dir, 1)

	other := append(join, "-lr", "0.0123")
	var stderr bytes.Buffer
	cmd, _ := lagCommand(t, other...)
	cmd.Stdout, cmd.Stderr = &stderr, &stderr
	if cmd.Run(); cmd.ProcessState.ExitCode() != exitFailure || !strings.Contains(stderr.String(), "has another configuration than this worker") {
		t.Errorf("a worker with another configuration: exit code %d, %s", cmd.ProcessState.ExitCode(), &stderr)
	}
	if !bytes.Equal(resultOf(t, dir), want) {
		t.Error("it changed the result")
	}
}

// logSizes returns the number of bytes in the logs of a study's runs.
func logSizes(t *testing.T, dir string) (sum int64) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*", "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range logs {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	return sum
}

// TestJoinStacking is [TestJoin] with two workers and a stacking.
func TestJoinStacking(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a stacking twice")
	}
	root := t.TempDir()
	arguments := studyArguments(t, filepath.Join(root, "alone", "stacking"), backend.Go)
	arguments[0] = "stack"
	startProcess(t, arguments).succeeds(t)
	dir := filepath.Join(root, "joined", "stacking")
	alone := arguments[6]
	arguments[6] = dir
	a, b := startProcess(t, append(arguments, "-join")), startProcess(t, append(arguments, "-join"))
	a.succeeds(t)
	b.succeeds(t)
	before := logSizes(t, dir)
	startProcess(t, arguments).succeeds(t)
	if after := logSizes(t, dir); after != before {
		t.Errorf("the plain command trained something: the logs had %d bytes, and then %d", before, after)
	}
	want, err := os.ReadFile(filepath.Join(alone, "stacking_result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "stacking_result.json")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("stacking_result.json differs from that of one process (%v)", err)
	}
}
