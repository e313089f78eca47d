package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/cluster"
)

// TestCompletions asks what a shell asks.
func TestCompletions(t *testing.T) {
	const noFiles, directories, files = ":4", ":16", ":0"
	for _, test := range []struct {
		line      []string // the last is the word to complete
		want      []string // some of the answers
		not       string
		directive string
	}{
		{[]string{"s"}, []string{"study", "stack", "select", "status", "strategies"}, "train", noFiles},
		{[]string{"data", ""}, []string{"prepare", "verify"}, "study", ""},
		{[]string{"runs", "c"}, []string{"clean", "continue"}, "list", files},
		{[]string{"runs", "clean", ""}, nil, "", directories},
		{[]string{"study", "-pre"}, []string{"-preset", "-pretrain"}, "-print", noFiles},
		{[]string{"study", "--pre"}, []string{"--preset"}, "-print", noFiles},
		{[]string{"study", ""}, []string{"-preset", "-peak-flops"}, "", noFiles},
		{[]string{"study", "-preset", ""}, lag.Presets(), "", noFiles},
		{[]string{"study", "-preset", "q"}, []string{"quick"}, "smoke", noFiles},
		{[]string{"study", "-preset=q"}, []string{"quick"}, "smoke", noFiles},
		{[]string{"stack", "-preset", ""}, lag.StackingPresets(), "ul2", noFiles},
		{[]string{"train", "-preset", ""}, lag.TrainingPresets(), "quick", noFiles},
		{[]string{"study", "-wide", "-backend", "xla:"}, []string{"xla:cpu", "xla:tpu"}, "auto", files},
		{[]string{"study", "-strategies", "stack,inter"}, []string{"stack,interleave"}, "stack,stack", ":6"},
		{[]string{"study", "-rules", "lag:30 h"}, []string{"lag:30 halving:"}, "oracle", ":6"},
		{[]string{"study", "-steps", ""}, nil, "-preset", noFiles},
		{[]string{"study", "-out", ""}, nil, "", directories},
		{[]string{"study", "-config", ""}, nil, "", files},
		{[]string{"data", "prepare", "-kind", ""}, []string{"wordpiece", "bpe", "unigram"}, "", noFiles},
		{[]string{"study", "-on", ""}, cluster.Names(), "somewhere", noFiles},
		{[]string{"stack", "-part"}, []string{"-partition"}, "", noFiles},
		{[]string{"cancel", ""}, nil, "", directories},
		{[]string{"status", "-w"}, []string{"-watch"}, "", noFiles},
		{[]string{"completion", ""}, shells, "", noFiles},
	} {
		var out bytes.Buffer
		tree := completionTree()
		tree.SetArgs(append([]string{cobra.ShellCompRequestCmd}, test.line...))
		tree.SetOut(&out)
		tree.SetErr(new(bytes.Buffer))
		if err := tree.Execute(); err != nil {
			t.Errorf("lag %q: %v", test.line, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		directive := lines[len(lines)-1]
		var got []string
		for _, line := range lines[:len(lines)-1] {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		for _, want := range test.want {
			if !slices.Contains(got, want) {
				t.Errorf("lag %q: no %s among %q", test.line, want, got)
			}
		}
		if test.not != "" && slices.Contains(got, test.not) || test.want == nil && len(got) > 0 {
			t.Errorf("lag %q: %q", test.line, got)
		}
		if test.directive != "" && directive != test.directive {
			t.Errorf("lag %q: directive %s, want %s", test.line, directive, test.directive)
		}
	}
}

// TestCompletionOfAProcess: the answer is on standard output, where the scripts
// read it.
func TestCompletionOfAProcess(t *testing.T) {
	cmd, _ := lagCommand(t, cobra.ShellCompRequestCmd, "study", "-preset", "q")
	cmd.Stdout = nil
	if out, err := cmd.Output(); err != nil || string(out) != "quick\n:4\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestKnownValues: values that are offered are accepted, and belong to flags that
// exist.
func TestKnownValues(t *testing.T) {
	exist := make(map[string]bool)
	allFlags(func(_ []string, _ command, flags *flag.FlagSet) {
		flags.VisitAll(func(f *flag.Flag) { exist[f.Name] = true })
	})
	for name := range knownValues {
		if !exist[name] {
			t.Errorf("there are values for -%s, which no command has", name)
		}
	}
	for _, name := range []string{"preset", "kind", "positions", "precision", "moments", "normalize", "whole-words", "controls"} {
		for _, value := range knownValues[name].values("lag study") {
			flags := flag.NewFlagSet("lag", flag.ContinueOnError)
			configuration := configFlags(flags, "lag study", "study", "smoke", lag.AboutPresets(), lag.Preset)
			overrides := studyFlags(flags)
			if err := flags.Parse([]string{"-vocab", "300", "-" + name, value}); err != nil {
				t.Errorf("-%s %s: %v", name, value, err)
				continue
			}
			if _, _, err := configuration.load(overrides.apply); err != nil {
				t.Errorf("-%s %s: %v", name, value, err)
			}
		}
	}
}

// TestCompletionScripts checks the scripts with the shells that there are.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			cmd, _ := lagCommand(t, "completion", shell)
			cmd.Stdout = nil
			script, err := cmd.Output()
			if err != nil || !bytes.Contains(script, []byte("__complete")) {
				t.Fatalf("%v: %.200s", err, script)
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(err)
			}
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, script, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
