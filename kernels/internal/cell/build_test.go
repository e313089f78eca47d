package cell

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// directory is like GoNB's: a module with main.go.
func directory(t *testing.T, main string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("GOFLAGS", "-buildvcs=false "+LinkFlags)
	t.Setenv("GOWORK", "off")
	write(t, dir, "go.mod", "module cell\n\ngo 1.26\n")
	write(t, dir, "main.go", main)
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const twoFunctions = `package main

import (
	"os"
	"text/template"
)

func draw() *template.Template { return template.New("") }

func main() {
	if len(os.Args) > 1 {
		panic("line 12")
	}
	os.Stdout.WriteString("shown")
}
`

func TestBuild(t *testing.T) {
	dir := directory(t, twoFunctions)
	program := filepath.Join(dir, "program")
	build := func() (string, error) {
		t.Helper()
		_ = os.Remove(program)
		output, err := Build(t.Context(), dir, []string{"build", "-o", program})
		return string(output), err
	}
	if output, err := build(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(binary, []byte("text/template")) {
		t.Error("the program has a package that only an unused function uses")
	}
	if output, err := exec.Command(program).Output(); err != nil || string(output) != "shown" {
		t.Errorf("%q, %v", output, err)
	}
	output, err := exec.Command(program, "fail").CombinedOutput()
	if at := filepath.Join(dir, "main.go") + ":12 "; err == nil || !strings.Contains(string(output), at) {
		t.Errorf("%v; the panic does not tell of %s:\n%s", err, at, output)
	}

	// Errors are those of the whole program, in what is used and in what is not.
	for bad, want := range map[string]string{
		strings.Replace(twoFunctions, `"shown"`, `1`, 1):                 "./main.go:14:24: cannot use 1",
		strings.Replace(twoFunctions, `template.New("")`, `nosuch()`, 1): "./main.go:8:41: undefined: nosuch",
		twoFunctions + "}": "./main.go:16:1: syntax error",
	} {
		write(t, dir, "main.go", bad)
		if output, err := build(); err == nil || !strings.Contains(output, want) {
			t.Errorf("%v, want %s, not:\n%s", err, want, output)
		}
	}

	// A function that another main needs is there again.
	write(t, dir, "main.go", strings.Replace(twoFunctions, `"shown"`, `draw().Name() + "drawn"`, 1))
	if output, err := build(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output, err := exec.Command(program).Output(); err != nil || string(output) != "drawn" {
		t.Errorf("%q, %v", output, err)
	}
}

// TestBuildBesideOthers: nothing is left out if a cell has written another file,
// which may need it.
func TestBuildBesideOthers(t *testing.T) {
	dir := directory(t, "package main\n\nfunc hidden() { print(\"hidden\") }\n\nfunc main() { visible() }\n")
	write(t, dir, "other.go", "package main\n\nfunc visible() { hidden() }\n")
	program := filepath.Join(dir, "program")
	if output, err := Build(t.Context(), dir, []string{"build", "-o", program}); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output, err := exec.Command(program).CombinedOutput(); err != nil || string(output) != "hidden" {
		t.Errorf("%q, %v", output, err)
	}
}

// TestInternalLink: flags for the linker that somebody gave are used as they are.
func TestInternalLink(t *testing.T) {
	for _, test := range []struct {
		flags string
		args  []string
	}{
		{"", []string{"build"}},
		{"-ldflags=-w -ldflags=-X=a=b", []string{"build"}},
		{"-ldflags=", []string{"build"}},
		{LinkFlags, []string{"build", "-ldflags=-s"}},
	} {
		b := builder{args: test.args, env: []string{"GOFLAGS=" + test.flags}}
		if b.internal() {
			t.Errorf("GOFLAGS=%q and %v are overruled", test.flags, test.args)
		}
	}
}
