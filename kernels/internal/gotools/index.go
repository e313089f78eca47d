package gotools

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

func indexedPath(c checkout.Checkout) string { return c.Private("bin", "indexed") }

// Index lets gopls read what notebooks import, unless it has read it already.
// gopls keeps what it finds out in its cache. Without that the first completion
// of a checkout takes twenty seconds.
func Index(ctx context.Context, c checkout.Checkout) error {
	key := prebuiltKey(ctx, c)
	if known, err := os.ReadFile(indexedPath(c)); err == nil && key != "" && string(known) == key {
		return nil
	}
	version, err := goLine(c)
	if err != nil {
		return fmt.Errorf("preparing completion: %w", err)
	}
	// Not checkout.Temp: another set-up may clear its directory.
	dir, err := os.MkdirTemp("", "lag-index-")
	if err != nil {
		return fmt.Errorf("preparing completion: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// As in the directory of a kernel, where go.work names the checkout.
	for name, text := range map[string]string{
		"go.mod":  "module cell\n\n" + version + "\n",
		"go.work": fmt.Sprintf("%s\n\nuse (\n\t.\n\t%q\n)\n", version, c.Root),
		"main.go": cell(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("preparing completion: %w", err)
		}
	}
	if _, err := proc.Output(ctx, proc.Command{
		Args: []string{c.Bin("gopls"), "check", filepath.Join(dir, "main.go")}, Dir: dir,
	}); err != nil {
		return fmt.Errorf("preparing completion: %w", err)
	}
	log.Info("completion ready")
	if key != "" {
		_ = atomicfile.WriteBytes(indexedPath(c), []byte(key)) // else it is done again
	}
	return nil
}

// goLine returns the line of go.mod that names the version of Go.
func goLine(c checkout.Checkout) (string, error) {
	text, err := os.ReadFile(filepath.Join(c.Root, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "go ") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", fmt.Errorf("go.mod of %s names no version of Go", c.Root)
}

// cell returns a program that imports what most notebooks import.
func cell() string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, path := range CellPackages {
		fmt.Fprintf(&b, "\t_ %q\n", path)
	}
	b.WriteString(")\n\nfunc main() {}\n")
	return b.String()
}
