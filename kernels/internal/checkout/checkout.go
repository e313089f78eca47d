// Package checkout gives the paths of files in a checkout of this repository.
// Everything that set-up installs is private to the checkout, under .lag in its
// root, except XLA plugins, which are where go-xla looks for them.
package checkout

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Module is the path of this repository's module.
const Module = "github.com/landscape-aware/growing"

var moduleLine = regexp.MustCompile(`(?m)^module\s+` + regexp.QuoteMeta(Module) + `\s*$`)

// A Checkout is a working copy of this repository.
type Checkout struct{ Root string }

// Find returns the checkout that contains dir.
func Find(dir string) (Checkout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Checkout{}, fmt.Errorf("finding the repository: %w", err)
	}
	for d := abs; ; d = filepath.Dir(d) {
		mod, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err == nil && moduleLine.Match(mod) {
			return Checkout{d}, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return Checkout{}, fmt.Errorf("finding the repository: %w", err)
		}
		if d == filepath.Dir(d) {
			return Checkout{}, fmt.Errorf("%s is not inside a checkout of %s; change into one", abs, Module)
		}
	}
}

// Private returns a path in the directory of everything that set-up installs.
func (c Checkout) Private(elem ...string) string {
	return filepath.Join(append([]string{c.Root, ".lag"}, elem...)...)
}

// Bin returns the path of a private program.
func (c Checkout) Bin(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return c.Private("bin", name)
}

// Venv returns the directory of the private Python environment.
func (c Checkout) Venv() string { return c.Private("venv") }

// Python returns the interpreter of the private Python environment.
func (c Checkout) Python() string { return PythonOf(c.Venv()) }

// PythonOf returns the interpreter of the Python environment in dir.
func PythonOf(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", "python.exe")
	}
	return filepath.Join(dir, "bin", "python")
}

// Jupyter returns a path in the root of Jupyter's private directories. With
// [Checkout.JupyterEnv] Jupyter does not read or write the user's home.
func (c Checkout) Jupyter(elem ...string) string {
	return c.Private(append([]string{"jupyter"}, elem...)...)
}

// Notebooks returns the directory of the notebooks.
func (c Checkout) Notebooks() string { return filepath.Join(c.Root, "notebooks") }

// JupyterVariables is how the names of Jupyter's environment variables begin.
// Jupyter is started without the user's, which name other configurations and
// other tokens, and with those of [Checkout.JupyterEnv] instead.
const JupyterVariables = "JUPYTER"

// insecureWrites is the variable that is kept: it lets Jupyter work on file
// systems without permissions.
const insecureWrites = "JUPYTER_ALLOW_INSECURE_WRITES"

// JupyterEnv returns environment variables with which Jupyter finds the private
// kernels and keeps its own files private.
func (c Checkout) JupyterEnv() []string {
	env := []string{
		"JUPYTER_PATH=" + c.Jupyter(),
		"JUPYTER_CONFIG_DIR=" + c.Jupyter("config"),
		"JUPYTER_DATA_DIR=" + c.Jupyter("data"),
		"JUPYTER_RUNTIME_DIR=" + c.Jupyter("runtime"),
		"JUPYTERLAB_SETTINGS_DIR=" + c.Jupyter("lab", "settings"),
		"JUPYTERLAB_WORKSPACES_DIR=" + c.Jupyter("lab", "workspaces"),
		"IPYTHONDIR=" + c.Jupyter("ipython"),
		"PYTHONNOUSERSITE=1",
		"PYTHONPATH=",
	}
	if value, ok := os.LookupEnv(insecureWrites); ok {
		env = append(env, insecureWrites+"="+value)
	}
	return env
}

// Files returns the paths in a directory whose names have a prefix and a
// suffix, sorted. It reads the directory and takes no pattern, because a
// checkout may be in a directory whose name has the characters of patterns. A
// directory that does not exist has no files.
func Files(dir, prefix, suffix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing the files of %s: %w", dir, err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// Temp creates a temporary directory on the same file system as Private, so
// that finished files can be renamed into place. Remove deletes it.
func (c Checkout) Temp(name string) (dir string, remove func(), err error) {
	if err := os.MkdirAll(c.Private("tmp"), 0o755); err != nil {
		return "", nil, fmt.Errorf("making %s: %w", c.Private("tmp"), err)
	}
	dir, err = os.MkdirTemp(c.Private("tmp"), name+"-")
	if err != nil {
		return "", nil, fmt.Errorf("making a temporary directory: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}
