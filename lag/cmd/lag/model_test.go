package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
)

// models contains checkpoints of transformers.
const models = "../../hf/testdata"

// runLag runs lag and returns its output and exit code.
func runLag(t *testing.T, arguments ...string) (output string, code int) {
	t.Helper()
	cmd, buffer := lagCommand(t, arguments...)
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return buffer.String(), code
}

func mustRunLag(t *testing.T, want string, arguments ...string) string {
	t.Helper()
	output, code := runLag(t, arguments...)
	if code != 0 || !strings.Contains(output, want) {
		t.Fatalf("lag %s: exit code %d, want %q in: %s", strings.Join(arguments, " "), code, want, output)
	}
	return output
}

func loadHFParams(t *testing.T, dir string) growth.Tensors {
	t.Helper()
	m, err := hf.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return m.Params
}

// checkFieldsKept checks that an exported config.json has every field of the
// imported one, except the version of the program that wrote it.
func checkFieldsKept(t *testing.T, source, exported string) {
	t.Helper()
	var fields [2]map[string]any
	for i, dir := range []string{source, exported} {
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err == nil {
			err = json.Unmarshal(text, &fields[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	delete(fields[0], "transformers_version")
	for name := range fields[0] {
		if _, ok := fields[1][name]; !ok {
			t.Errorf("%s lost the field %s", exported, name)
		}
	}
}

// TestModels imports, grows and exports models, and compares the result with
// growing the files of transformers directly.
func TestModels(t *testing.T) {
	root := t.TempDir()
	path := func(name string) string { return filepath.Join(root, name) }
	for _, test := range []struct {
		model, maps string
		flags       []string
		want        string
	}{
		{"bert", "0 1 N 1", []string{"-seed", "3"}, "[0][1]<N>(1)"},
		{"t5", "0 0; 0 1 1", []string{"-init", "zero"}, "[0](0)"},
	} {
		source, ours, exported := filepath.Join(models, test.model), path(test.model), path(test.model+" exported")
		mustRunLag(t, ours, "import", source, ours)
		mustRunLag(t, exported, "export", ours, exported)
		if d := cmp.Diff(loadHFParams(t, source), loadHFParams(t, exported)); d != "" {
			t.Errorf("%s: imported and exported: %s", test.model, d)
		}
		grow := func(in, out string) {
			t.Helper()
			output := mustRunLag(t, test.want, append(append([]string{"grow", "-map", test.maps}, test.flags...), in, out)...)
			if !strings.Contains(output, "%") {
				t.Errorf("no counts: %s", output)
			}
		}
		grow(source, path(test.model+" grown"))
		grow(ours, path(test.model+" ours grown"))
		mustRunLag(t, "", "export", path(test.model+" ours grown"), path(test.model+" ours grown exported"))
		for _, dir := range []string{exported, path(test.model + " ours grown exported")} {
			checkFieldsKept(t, source, dir)
		}
		a, b := loadHFParams(t, path(test.model+" grown")), loadHFParams(t, path(test.model+" ours grown exported"))
		if d := cmp.Diff(a, b); d != "" || len(a) <= len(loadHFParams(t, source)) {
			t.Errorf("%s: %s", test.model, d)
		}
		mustRunLag(t, "No damage", "inspect", path(test.model+" grown"))
	}
	mustRunLag(t, "[0][1](0)(1)", "grow", "-map", "stack", "-to", "4", path("bert"), path("stacked"))
	mustRunLag(t, "[0][1](1)", "grow", "-decoder-map", "0 1 1", path("t5"), path("deeper"))

	var report struct {
		Kind   string `json:"kind"`
		Layers []any  `json:"layers"`
	}
	if err := json.Unmarshal([]byte(mustRunLag(t, "", "inspect", "-json", path("stacked"))), &report); err != nil {
		t.Fatal(err)
	}
	if report.Kind != "model" || len(report.Layers) != 4 {
		t.Errorf("%+v", report)
	}
}

// TestModelErrors checks that errors are one line that says what to do.
func TestModelErrors(t *testing.T) {
	bert, t5, out := filepath.Join(models, "bert"), filepath.Join(models, "t5"), filepath.Join(t.TempDir(), "out")
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"import", bert}, exitUsage, "hf:owner/name"},
		{[]string{"import", missing, out}, exitFailure, "there is no directory"},
		{[]string{"import", bert, models}, exitFailure, "not empty"},
		{[]string{"export", bert}, exitUsage, "directory to make"},
		{[]string{"import", missing, models}, exitFailure, "not empty"}, // before the source is checked
		{[]string{"export", missing, models}, exitFailure, "not empty"},
		{[]string{"grow", "-map", "0 1 1", missing, models}, exitFailure, "not empty"},
		{[]string{"export", bert, out}, exitFailure, "already"},
		{[]string{"export", filepath.Dir(missing), out}, exitFailure, "it has no model.json"},
		{[]string{"export", missing, out}, exitFailure, "there is no " + missing},
		{[]string{"grow", bert, out}, exitUsage, "-map"},
		{[]string{"grow", "-map", "0 1 1", bert}, exitUsage, "directory to make"},
		{[]string{"grow", "-map", "0 1 1", missing, out}, exitFailure, "there is no " + missing},
		{[]string{"grow", "-map", "0", bert, out}, exitUsage, "fewer than the source's 2"},
		{[]string{"grow", "-map", "0 1 5", bert, out}, exitUsage, "source layer 5"},
		{[]string{"grow", "-map", "0 1 x", bert, out}, exitUsage, "strategy"},
		{[]string{"grow", "-map", "0 1 N", bert, out}, exitUsage, "-seed"},
		{[]string{"grow", "-map", "0 1 1", "-to", "4", bert, out}, exitUsage, "-to"},
		{[]string{"grow", "-map", "no-such", "-to", "4", bert, out}, exitUsage, "interleave"},
		{[]string{"grow", "-map", "stack-zero", "-to", "4", "-init", "copy", bert, out}, exitUsage, "-init"},
		{[]string{"grow", "-map", "0 1 1", "-init", "gated", bert, out}, exitFailure, "while the model trains"},
		{[]string{"grow", "-map", "0 1 1", "-init", "half", bert, out}, exitUsage, "unknown"},
		{[]string{"grow", "-map", "0 1 1", "-moments", "half", bert, out}, exitUsage, "unknown"},
		{[]string{"grow", "-map", "0 1 1; 0 1", bert, out}, exitUsage, "2 layer maps"},
		{[]string{"grow", "-map", "0; 0 1 1", "-decoder-map", "0 1 1", t5, out}, exitUsage, "semicolon"},
		{[]string{"grow", "-map", "0 1 1", bert, models}, exitFailure, "not empty"},
		{[]string{"inspect"}, exitUsage, "one directory"},
		{[]string{"inspect", missing}, exitFailure, "there is no " + missing},
		{[]string{"inspect", filepath.Dir(missing)}, exitFailure, "holds no model"},
	} {
		output, code := runLag(t, test.arguments...)
		line := strings.Join(test.arguments, " ")
		if code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("lag %s: exit code %d, want %d and %q in: %s", line, code, test.code, test.want, output)
		}
		if strings.Count(strings.TrimSpace(output), "\n") > 0 {
			t.Errorf("lag %s: more than one line: %s", line, output)
		}
	}
}
