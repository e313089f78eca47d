package gotools

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// BuilderEnv is the environment variable with the program that GoNB, as it is
// built here, calls instead of the go command to build a cell.
const BuilderEnv = "LAG_CELL_BUILDER"

// PackagesEnv is the environment variable with the packages that gopls reads
// when a kernel starts, with spaces between them.
const PackagesEnv = "LAG_CELL_PACKAGES"

// CellPackages are the packages that gopls reads before the first cell: those
// that most notebooks import.
var CellPackages = []string{
	"fmt",
	checkout.Module + "/lag/figure",
	checkout.Module + "/lag/report",
	checkout.Module + "/lag/notebook",
	checkout.Module + "/lag",
}

//go:embed patches/warm.go.txt
var warm string

// An edit changes the source of a tool. The old text must occur once; if it is
// empty, the edit makes a new file.
type edit struct {
	file     string // in the module
	old, new string
}

// patches are the changes to GoNB without which completion and cells are slow.
// They are for the version in go.mod; a version in which they do not fit is
// not built.
var patches = map[string][]edit{
	"gonb": {
		// It tries to connect to gopls every 12 s, and a completion waits as long.
		{"internal/goexec/goplsclient/exec.go", "case <-time.After(ConnectTimeout):", "case <-time.After(20 * time.Millisecond):"},
		{"internal/goexec/goplsclient/exec.go", "\t\t<-time.After(ConnectTimeout)\n", "\t\t<-time.After(20 * time.Millisecond)\n"},
		// It asks gopls nothing before the first completion.
		{"internal/goexec/goplsclient/exec.go", "\t\t\t\tc.waitConnecting = false\n\t\t\t\treturn\n", "\t\t\t\tc.waitConnecting = false\n\t\t\t\tc.warm()\n\t\t\t\treturn\n"},
		{"internal/goexec/goplsclient/warm.go", "", warm},
		// Without this gopls checks all of this repository whenever a kernel starts.
		{"internal/goexec/goplsclient/conn.go", "ProcessID: 0,\n", "ProcessID: 0,\n\t\tInitializationOptions: map[string]any{\"expandWorkspaceToModule\": false},\n"},
		// It sends gopls every file of this repository, although gopls reads files
		// itself. What changes later is sent as before.
		{"internal/goexec/tracking.go", "\t\t\tif !ti.updated.Has(path) {\n\t\t\t\tti.updated.Insert(path)\n", "\t\t\tif false {\n"},
		// It runs `go get` for a completion, which may ask the network.
		{"internal/goexec/execcode.go", "\tif !s.AutoGet {\n", "\tif !s.AutoGet || msg == nil {\n"},
		// Package cell builds a cell without what it does not use.
		{"internal/goexec/execcode.go", "\targs = append(args, s.GoBuildFlags...)\n\tcmd := exec.Command(\"go\", args...)\n",
			"\targs = append(args, s.GoBuildFlags...)\n\tprogram := \"go\"\n" +
				"\tif builder := os.Getenv(\"" + BuilderEnv + "\"); builder != \"\" && !s.CellIsTest && !s.CellIsWasm {\n" +
				"\t\tprogram, args = builder, append([]string{\"build-cell\"}, args...)\n\t}\n" +
				"\tcmd := exec.Command(program, args...)\n"},
	},
}

// patchTag returns a build tag that names the changes to a tool, or "" if there
// are none. The tool's file then tells with which changes it was built.
func patchTag(tool string) string {
	edits := patches[tool]
	if len(edits) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, e := range edits {
		fmt.Fprintf(sum, "%q %q %q\n", e.file, e.old, e.new)
	}
	return "lag_" + hex.EncodeToString(sum.Sum(nil))[:12]
}

// apply makes the changes in a copy of a module's source.
func apply(edits []edit, dir string) error {
	for _, e := range edits {
		path := filepath.Join(dir, filepath.FromSlash(e.file))
		if e.old == "" {
			if err := os.WriteFile(path, []byte(e.new), 0o644); err != nil {
				return err
			}
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(text), e.old); n != 1 {
			return fmt.Errorf("%s has %d places for the change of %q, not one: the change has to be adapted to this version in kernels/internal/gotools/patch.go", e.file, n, e.old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// patched returns the flags of go build for a tool with its changes: a copy of
// its source in dir and a go.mod that names the copy.
func (t Tool) patched(ctx context.Context, c checkout.Checkout, dir string) (flags []string, err error) {
	tag := patchTag(t.Name)
	if tag == "" {
		return nil, nil
	}
	module, source := download(ctx, c, t.Module), filepath.Join(dir, "source")
	if module == "" {
		return nil, fmt.Errorf("downloading the source failed; `go mod download %s` says why", t.Module)
	}
	if err := copySource(source, module); err != nil {
		return nil, fmt.Errorf("copying the source: %w", err)
	}
	if err := apply(patches[t.Name], source); err != nil {
		return nil, fmt.Errorf("changing the source: %w", err)
	}
	mod, err := os.ReadFile(filepath.Join(c.Root, "go.mod"))
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(filepath.Join(c.Root, "go.sum"))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "tool.mod")
	mod = fmt.Appendf(mod, "\nreplace %s => %q\n", t.Module, source)
	if err := errors.Join(os.WriteFile(file, mod, 0o644), os.WriteFile(filepath.Join(dir, "tool.sum"), sum, 0o644)); err != nil {
		return nil, err
	}
	return []string{"-tags", tag, "-modfile", file}, nil
}

// copySource copies the Go files of a module and what is beside them, but no
// documentation, of which GoNB has 60 MB.
func copySource(target, module string) error {
	return filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(module, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == "docs" || name == "examples" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(target, name), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(target, name), text, 0o644)
	})
}
