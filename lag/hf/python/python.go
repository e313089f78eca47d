// Package python runs scripts in a Python that has transformers, to show that what was
// exported computes there what it computes here.
package python

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Env is the environment variable that names the interpreter to use.
const Env = "LAG_TRANSFORMERS"

// private is the interpreter that `go run ./kernels transformers` makes in a checkout.
var private = filepath.Join(".lag", "transformers", "bin", "python")

// Find returns the path of an interpreter with transformers: $LAG_TRANSFORMERS, or that
// of the checkout in which the working directory is. It does not start it.
func Find() (string, error) {
	if path := os.Getenv(Env); path != "" {
		path, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("$%s names no Python: %w", Env, err)
		}
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, private)
		if _, err := os.Stat(path); err == nil && isCheckout(dir) {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("there is no Python with transformers; run `go run ./kernels transformers` in the checkout once, or name a Python that has torch and transformers 5 in $%s", Env)
		}
		dir = parent
	}
}

// isCheckout reports whether a directory is a checkout of this module. What
// anybody put elsewhere, such as into /tmp, is not run.
func isCheckout(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.HasPrefix(text, []byte("module github.com/landscape-aware/growing\n"))
}

// Run runs a script with arguments and returns what it printed. The script may
// download nothing from the Hub. If it fails, the error ends with the last line of
// Python's message.
func Run(ctx context.Context, script string, arguments ...string) (string, error) {
	path, err := Find()
	if err != nil {
		return "", err
	}
	var out, message bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append([]string{"-c", script}, arguments...)...)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "TRANSFORMERS_VERBOSITY=error", "HF_HUB_DISABLE_PROGRESS_BARS=1", "PYTHONNOUSERSITE=1", "PYTHONPATH=")
	cmd.Stdout, cmd.Stderr = &out, &message
	err = cmd.Run()
	if ctx.Err() != nil {
		return out.String(), context.Cause(ctx)
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(message.String()), "\n")
		return out.String(), fmt.Errorf("the script failed in %s: %w: %s", path, err, lines[len(lines)-1])
	}
	return out.String(), nil
}
