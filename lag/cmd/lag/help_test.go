package main

import (
	"bytes"
	"flag"
	"slices"
	"strings"
	"testing"
)

// allFlags calls visit with the flags of every command that has some, and what
// the user types for it.
func allFlags(visit func(path []string, c command, flags *flag.FlagSet)) {
	var walk func(path []string, commands []command)
	walk = func(path []string, commands []command) {
		for _, c := range commands {
			path := append(slices.Clone(path), c.name)
			if c.setup != nil {
				flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
				c.setup(flags)
				visit(path, c, flags)
			}
			walk(path, c.sub)
		}
	}
	walk(nil, commands)
}

func help(t *testing.T, arguments ...string) string {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), arguments, &out); code != 0 {
		t.Errorf("lag %s: exit code %d", strings.Join(arguments, " "), code)
	}
	return out.String()
}

// TestSections: the help shows every flag once, the rare ones of large commands
// when asked, and the sections name no flag that does not exist.
func TestSections(t *testing.T) {
	listed, used := make(map[string]int), make(map[string]bool)
	for _, s := range sections {
		for _, name := range slices.Concat(s.usual, s.rare) {
			listed[name]++
		}
	}
	allFlags(func(path []string, _ command, flags *flag.FlagSet) {
		usual, all := help(t, append(path, "-h")...), help(t, append(path, "-"+helpAll)...)
		for _, line := range strings.Split(usual+all, "\n") {
			if len([]rune(line)) > usualWidth {
				t.Errorf("lag %s: a line of %d columns: %s", strings.Join(path, " "), len([]rune(line)), line)
			}
		}
		large := count(flags) > oneList
		flags.VisitAll(func(f *flag.Flag) {
			used[f.Name] = used[f.Name] || large
			if large && listed[f.Name] != 1 {
				t.Errorf("lag %s: -%s is in %d sections of the help, want 1", strings.Join(path, " "), f.Name, listed[f.Name])
			}
			if n := strings.Count(all, "\n  -"+f.Name+" ") + strings.Count(all, "\n  -"+f.Name+"\n"); n != 1 {
				t.Errorf("lag %s -%s lists -%s %d times", strings.Join(path, " "), helpAll, f.Name, n)
			}
		})
	})
	for name := range listed {
		if !used[name] {
			t.Errorf("the sections of the help have -%s, which no command with sections has", name)
		}
	}
	study := help(t, "study", "-h")
	if strings.Contains(study, "-peak-flops") || !strings.Contains(study, "\nModel:\n") || !strings.Contains(study, "`lag study -help-all` lists 25 more") {
		t.Errorf("lag study -h prints\n%s", study)
	}
	if strings.Index(study, "-preset ") > strings.Index(study, "-batch ") {
		t.Error("the preset is not before the batch")
	}
	if other := help(t, "help", "study"); other != study {
		t.Errorf("lag help study prints\n%s", other)
	}
}

// TestDidYouMean checks errors about names that are nearly right.
func TestDidYouMean(t *testing.T) {
	for line, want := range map[string]string{
		"studdy":                                     `there is no command "studdy" (did you mean "study"?); ` + "`lag -h`",
		"data prepar":                                `there is no command "prepar" (did you mean "prepare"?); ` + "`lag data -h`",
		"study -presett quick":                       "there is no flag -presett (did you mean -preset?); `lag study -h`",
		"study --worker=2":                           "there is no flag -worker (did you mean -workers?)",
		"study -abacus":                              "there is no flag -abacus; `lag study -h`",
		"study -preset smok":                         `there is no preset "smok" (did you mean "smoke"?)`,
		"stack -preset quik":                         `there is no stacking preset "quik" (did you mean "quick"?)`,
		"study -strategies stak":                     `no strategy "stak" (did you mean "stack"?)`,
		"study -strategies stack-attenuated":         `"stack-attenuated" is only in the pool of all strategies; use that (-all)`,
		"study -strategies stack-scaled":             `"stack-scaled" is only in the wide pool; use the wide pool (-wide)`,
		"study -rules hlaving:2,15":                  `there is no selection rule "hlaving:2,15" (did you mean "halving"?)`,
		"study -set pre_nrm=true":                    `has no setting "pre_nrm" (did you mean "pre_norm"?)`,
		"data show -objective mlmm":                  `there is no objective "mlmm" (did you mean "mlm"?)`,
		"study -on slrm":                             `there is no engine "slrm" (did you mean "slurm"?)`,
		"study -on slurm -cpu 2":                     "there is no flag -cpu (did you mean",
		"stack -partition cpu":                       "-partition needs -on with one of ",
		"study -select lag:5 -on slurm":              "-select picks in one process; remove -on",
		"study -workers auto -on slurm":              "-workers auto measures this machine; with -on, give the number of workers",
		"study -workers auto -join":                  "-join takes part with this process alone; remove -workers",
		"study -workers auto -select lag:5":          "-select picks in one process; remove -workers",
		"study -workers many":                        "use 1 or more, or auto",
		"study -on slurm -memory 8":                  `-memory: "8" is not an amount`,
		"study -on slurm -claim runs":                `slurm has no setting "claim"; it has cores, memory, time, gpus, partition,`,
		"study -on slurm -sbatch --array=1":          "-sbatch: --array follows from other settings",
		"data batches runs/x":                        "takes the directory of a run and the file to make, after its flags; it was given 1 argument",
		"data batches -validation -steps 3 runs/x y": "-validation writes the whole validation set; remove -steps 3",
		"select main.go":                             "main.go is a file; give the directory of a study",
		"study -preset smoke -backend abacus":        `unknown backend "abacus"`,
		"downstream -backend xla testdata":           "the device is missing",
		"study -preset smoke -out main.go":           "main.go is a file; give the directory of a study",
		"data stats main.go":                         "main.go is a file; give the directory of a dataset",
		"watch main.go":                              "main.go is a file; give the directory of a study",
		"status main.go":                             "main.go is a file; give the directory of a study",
		"runs clean main.go":                         "main.go is a file; give the directory of one study",
		"runs continue main.go":                      "main.go is a file; give the directory of one run",
		"data batches main.go x.safetensors":         "main.go is a file; give the directory of a run",
		"study -preset smoke -controls @0.1":         `the control "@0.1" has no name`,
		"downstream -examples 1 testdata":            "1 examples are not possible",
		"downstream -batches -1 testdata":            "-1 batches are not possible",
		"completion zssh":                            `there is no completion for the shell "zssh" (did you mean "zsh"?)`,
	} {
		var out bytes.Buffer
		if code := run(t.Context(), strings.Fields(line), &out); code != exitUsage || !strings.Contains(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("lag %s: exit code %d, %s", line, code, &out)
		}
	}
}
