package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/interrupt"
)

// asMain is an environment variable that makes the test binary behave as the
// lag command.
const asMain = "LAG_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) == "1" {
		main()
	}
	os.Exit(m.Run())
}

func lagCommand(t *testing.T, arguments ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, arguments...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	return cmd, &output
}

// studyArguments returns the arguments of a study that takes a second or two.
func studyArguments(t *testing.T, dir, engine string) []string {
	t.Helper()
	return []string{"study", "-preset", "smoke", "-backend", engine, "-out", dir, "-corpus", letters(t), "-vocab", "48",
		"-hidden", "8", "-length", "8", "-batch", "4", "-keep", "all"} // trainedOnce looks at checkpoints
}

// letters writes a corpus of 11 letters and returns its path.
func letters(t *testing.T) string {
	t.Helper()
	corpus := filepath.Join(t.TempDir(), "corpus.txt")
	var text strings.Builder
	for i := range 300 {
		for j := range 50 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	if err := os.WriteFile(corpus, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return corpus
}

// TestInterrupt checks that Ctrl-C saves the state, says how to continue, and
// exits with 130.
func TestInterrupt(t *testing.T) {
	arguments := append(studyArguments(t, filepath.Join(t.TempDir(), "study"), backend.Go), "-pretrain", "100000")
	cmd, output := lagCommand(t, arguments...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	metrics := func() []byte {
		found, _ := filepath.Glob(filepath.Join(arguments[6], "*", "metrics.jsonl"))
		if len(found) != 1 {
			t.Fatalf("metrics.jsonl: %v", found)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	defer func() { cmd.Process.Kill() }()
	await(t, "a checkpoint", func() bool {
		found, _ := filepath.Glob(filepath.Join(arguments[6], "*", "checkpoint", "step-*.safetensors"))
		return len(found) > 0
	})
	cmd.Process.Signal(os.Interrupt)
	err := cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != interrupt.ExitInterrupt {
		t.Errorf("got %v, want exit code %d: %s", err, interrupt.ExitInterrupt, output)
	}
	if !strings.Contains(output.String(), "run the same command again to continue") {
		t.Errorf("it does not say how to continue: %s", output)
	}
	before := metrics()
	cmd, output = lagCommand(t, arguments...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "more steps", func() bool { return len(metrics()) > len(before) })
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	// Each line contains the time of its step, so a run from the start would
	// write other lines.
	if after := metrics(); !bytes.HasPrefix(after, before) || len(after) == len(before) {
		t.Errorf("the same command did not continue the run: %s", output)
	}
}

// TestUsage checks that errors in the command line are one line and exit with
// 2.
func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{
		{},
		{"grow"},
		{"study", "-preset", "slow"},
		{"study", "-from", "6", "-to", "3"},
		{"study", "-initial", "model", "-hidden", "32"},
		{"study", "-controls", "late"},
		{"study", "-strategies", "stack,stack"},
		{"study", "-seeds", "a"},
		{"study", "-select", "lag:1000", "-out", "/nonexistent/study"},
		{"study", "-heads", "5"},
		{"study", "-steps", "many"},
		{"study", "-no-such-flag"},
		{"study", "extra"},
		{"study", "-config", filepath.Join(t.TempDir(), "missing.json")},
		{"study", "-rules", "best-of:3"},
		{"study", "-select", "best-of:3"},
		{"study", "-workers", "0"},
		{"study", "-seeds", "1,1"},
		{"stack", "-preset", "slow"},
		{"stack", "-stages", "3 two"},
		{"stack", "-stages", "6 3"},
		{"stack", "-steps", "1"},
		{"stack", "-rule", "best-of:3"},
		{"stack", "-seeds", "1,1"},
		{"stack", "-config", filepath.Join(t.TempDir(), "missing.json")},
		{"select"},
		{"strategies", "-from", "6", "-to", "3"},
		{"strategies", "-from", "2,2", "-to", "4"},
		{"strategies", "-from", "two"},
		{"strategies", "-figure", "maps.pdf"},
		{"report"},
		{"data"},
		{"data", "no-such-command"},
		{"data", "prepare", "-kind", "words"},
		{"data", "prepare", "-vocab", "3"},
		{"data", "train", "-vocab", "300"},
		{"data", "encode"},
		{"data", "show", "-objective", "nsp"},
		{"data", "stats", "a", "b"},
	} {
		var stderr bytes.Buffer
		if code := run(context.Background(), arguments, &stderr); code != exitUsage {
			t.Errorf("lag %s: exit code %d, want %d", strings.Join(arguments, " "), code, exitUsage)
		}
		if lines := strings.Count(strings.TrimSpace(stderr.String()), "\n") + 1; lines != 1 || stderr.Len() == 0 {
			t.Errorf("lag %s: %d lines of error: %s", strings.Join(arguments, " "), lines, &stderr)
		}
	}
}

// TestOtherConfiguration gives each command the configuration of another one.
func TestOtherConfiguration(t *testing.T) {
	dir := t.TempDir()
	for _, command := range []string{"study", "stack", "train"} {
		text, code := runLag(t, command, "-print")
		if code != 0 {
			t.Fatal(text)
		}
		path := filepath.Join(dir, command+".json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"study", "stack", "train"} {
			output, code := runLag(t, other, "-print", "-config", path)
			if other == command && code != 0 || other != command && (code != exitUsage || !strings.Contains(output, "is a configuration of `lag "+command+"`, not of `lag "+other+"`")) {
				t.Errorf("lag %s with a configuration of lag %s: exit code %d, %s", other, command, code, output)
			}
		}
	}
}

// TestHelp checks that every command and flag has a help text.
func TestHelp(t *testing.T) {
	var check func(path []string, commands []command)
	check = func(path []string, commands []command) {
		for _, c := range commands {
			path := append(slices.Clone(path), c.name)
			var stderr bytes.Buffer
			code := run(context.Background(), append(slices.Clone(path), "-h"), &stderr)
			if code != 0 {
				t.Errorf("lag %s -h: exit code %d", strings.Join(path, " "), code)
			}
			if c.sub != nil {
				check(path, c.sub)
				continue
			}
			if !strings.Contains(strings.Join(strings.Fields(stderr.String()), " "), c.summary) { // whatever the lines
				t.Errorf("lag %s -h: %s", strings.Join(path, " "), &stderr)
			}
			flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
			c.setup(flags)
			flags.VisitAll(func(f *flag.Flag) {
				if f.Usage == "" {
					t.Errorf("lag %s: flag -%s has no help text", strings.Join(path, " "), f.Name)
				}
			})
		}
	}
	check(nil, commands)
}
