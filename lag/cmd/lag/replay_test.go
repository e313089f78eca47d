package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/replay"
)

// replayArguments returns arguments for the reference in package replay's
// testdata.
func replayArguments(t *testing.T, optimizer string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "opt.json")
	if err := os.WriteFile(path, []byte(optimizer), 0o644); err != nil {
		t.Fatal(err)
	}
	const dir = "../../replay/testdata/bert/"
	return []string{"replay", "-backend", "go", "-config", dir + "config.json", "-weights", dir + "model.safetensors",
		"-batches", dir + "batches.safetensors", "-optimizer", path}
}

// TestReplay checks that with -json standard output has only a line of JSON for
// each step, and a table otherwise.
func TestReplay(t *testing.T) {
	arguments := replayArguments(t, `{"name": "adamw", "lr": 1e-3, "warmup": 10}`)
	output := func(more ...string) string {
		cmd, _ := lagCommand(t, append(arguments, more...)...)
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return stdout.String()
	}
	d := json.NewDecoder(strings.NewReader(output("-steps", "3", "-json")))
	d.DisallowUnknownFields()
	n := 0
	for ; d.More(); n++ {
		var s replay.Step
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if s.Step != n || s.Rate != 1e-3*float64(n+1)/10 || !(s.Loss > 0) || !(s.GradientNorm > 0) || !(s.Seconds > 0) || s.Tokens != 4*12 {
			t.Errorf("line %d is %+v", n, s)
		}
	}
	if n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
	if lines := strings.Split(strings.TrimSpace(output()), "\n"); len(lines) != 1+10+1 || !strings.Contains(lines[11], "tokens/s") {
		t.Errorf("the table of 10 steps is\n%s", strings.Join(lines, "\n"))
	}
}

// TestReplayFailure checks that a step that diverges gives one line that names
// it, after the lines of earlier steps, and a nonzero exit code.
func TestReplayFailure(t *testing.T) {
	cmd, output := lagCommand(t, append(replayArguments(t, `{"name": "adamw", "lr": 1e30}`), "-json")...)
	if err, ok := cmd.Run().(*exec.ExitError); !ok || err.ExitCode() != exitFailure || !strings.Contains(output.String(), "step 0, from 0, diverged") {
		t.Errorf("got %v and %s", err, output)
	}
	arguments := replayArguments(t, "{}")
	for _, arguments := range [][]string{
		{"replay"},
		{"replay", "-config", "config.json", "-batches", "batches.safetensors"},
		append(arguments, "-init"),
		append(arguments, "extra"),
		append(arguments, "-steps", "many"),
	} {
		var stderr bytes.Buffer
		if code := run(context.Background(), arguments, &stderr); code != exitUsage {
			t.Errorf("lag %s: exit code %d, want %d: %s", strings.Join(arguments, " "), code, exitUsage, &stderr)
		}
	}
}
