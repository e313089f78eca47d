// Package kernelspec installs the notebooks' kernels for Jupyter and starts them.
//
// The kernel.json files are in a directory of the checkout that is on
// JUPYTER_PATH, so nothing is installed in the user's home. They start this
// repository's own launcher, which sets the program and the environment for
// GoNB.
package kernelspec

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

//go:embed specs
var specs embed.FS

//go:embed logo.svg
var logo []byte

// Default is the name of the kernel for which the notebooks are written.
const Default = "lag-cpu"

// Kinds are the kinds of device that have kernels. The kernel for CPU is always
// installed; without an XLA plugin it uses the pure-Go backend.
var Kinds = []string{"cpu", "cuda", "tpu"}

// Offered returns the kinds of device to install kernels for, given the plugins.
func Offered(plugins []plugin.Plugin) []string {
	kinds := []string{"cpu"}
	for _, kind := range Kinds[1:] {
		if _, ok := plugin.OfKind(plugins, kind); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// A Spec is the part of a kernel.json that is read here.
type Spec struct {
	Argv        []string          `json:"argv"`
	DisplayName string            `json:"display_name"`
	Env         map[string]string `json:"env"`
}

// render executes the template of a kind. It escapes strings for JSON, because
// a path may contain any character.
func render(c checkout.Checkout, goProgram, kind string) ([]byte, error) {
	text, err := specs.ReadFile("specs/lag-" + kind + "/kernel.json")
	if err != nil {
		return nil, err
	}
	t, err := template.New(kind).Parse(string(text))
	if err != nil {
		return nil, err
	}
	inner := func(s string) string {
		quoted, _ := json.Marshal(s) // cannot fail for a string
		return strings.TrimSuffix(strings.TrimPrefix(string(quoted), `"`), `"`)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct{ Launcher, Go string }{inner(Launcher(c)), inner(goProgram)})
	return out.Bytes(), err
}

// Launcher returns the path of the program that kernels start: a copy of this
// program.
func Launcher(c checkout.Checkout) string { return c.Bin("kernels") }

// Install writes the kernels of the given kinds, removes other kernels, and
// returns the display names. goProgram is the path of the go command, for
// kernels of a Jupyter that has no go on its PATH.
func Install(c checkout.Checkout, goProgram string, kinds []string) (names []string, err error) {
	if err := installLauncher(c); err != nil {
		return nil, err
	}
	dir := c.Jupyter("kernels")
	keep := make(map[string]bool)
	for _, kind := range kinds {
		text, err := render(c, goProgram, kind)
		if err != nil {
			return nil, fmt.Errorf("writing the kernel for %s: %w", kind, err)
		}
		var spec Spec
		if err := strictjson.Unmarshal(text, &spec); err != nil {
			return nil, fmt.Errorf("writing the kernel for %s: %w", kind, err)
		}
		names = append(names, spec.DisplayName)
		keep["lag-"+kind] = true
		for file, content := range map[string][]byte{"kernel.json": text, "logo-svg.svg": logo} {
			if err := writeIfChanged(filepath.Join(dir, "lag-"+kind, file), content, 0o644); err != nil {
				return nil, fmt.Errorf("writing the kernel for %s: %w", kind, err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing kernels: %w", err)
	}
	for _, entry := range entries {
		if !keep[entry.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
				return nil, fmt.Errorf("removing the kernel %s: %w", entry.Name(), err)
			}
		}
	}
	return names, nil
}

// Installed returns the kernels of a checkout by name.
func Installed(c checkout.Checkout) map[string]Spec {
	found := make(map[string]Spec)
	dirs, _ := checkout.Files(c.Jupyter("kernels"), "", "")
	for _, dir := range dirs {
		var spec Spec
		if data, err := os.ReadFile(filepath.Join(dir, "kernel.json")); err == nil && json.Unmarshal(data, &spec) == nil {
			found[filepath.Base(dir)] = spec
		}
	}
	return found
}

func installLauncher(c checkout.Checkout) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if self == Launcher(c) {
		return nil
	}
	program, err := os.ReadFile(self)
	if err == nil {
		err = writeIfChanged(Launcher(c), program, 0o755)
	}
	if err != nil {
		return fmt.Errorf("installing the launcher of kernels: %w", err)
	}
	return nil
}

// writeIfChanged writes a file under a temporary name and renames it, unless it
// already has the content.
func writeIfChanged(path string, content []byte, mode os.FileMode) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
