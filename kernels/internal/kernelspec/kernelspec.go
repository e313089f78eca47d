// Package kernelspec installs the notebooks' kernels for Jupyter and starts them.
//
// The kernel.json files are in a directory of the checkout that is on
// JUPYTER_PATH, so nothing is installed in the user's home unless asked
// ([InstallForUser]). They start this repository's own launcher, which sets the
// program and the environment for GoNB.
package kernelspec

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/kernels/internal/binary"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// Default is the name of the kernel for which the notebooks are written.
const Default = "lag-cpu"

// A Spec is the part of a kernel.json that is read here.
type Spec struct {
	Argv        []string          `json:"argv"`
	DisplayName string            `json:"display_name"`
	Env         map[string]string `json:"env"`
}

// Launcher returns the path of the program that kernels start: a copy of this
// program.
func Launcher(c checkout.Checkout) string { return c.Bin("kernels") }

// Install writes the kernels of the given kinds, removes other kernels, and
// returns the display names. goProgram is the path of the go command, for
// kernels of a Jupyter that has no go on its PATH.
func Install(c checkout.Checkout, goProgram string, offered []string) (names []string, err error) {
	dir := c.Jupyter("kernels")
	keep := make(map[string]bool)
	for _, k := range kinds {
		if !slices.Contains(offered, k.Kind) {
			continue
		}
		if err := k.install(c, goProgram, dir); err != nil {
			return nil, err
		}
		names = append(names, k.DisplayName)
		keep[Name(k.Kind)] = true
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

// install writes a kernel into a directory of kernels, and the launcher that it
// starts.
func (k kind) install(c checkout.Checkout, goProgram, dir string) error {
	err := installLauncher(c)
	if err != nil {
		return err
	}
	files, err := k.files(c, goProgram)
	for name, content := range files {
		if err == nil {
			err = writeIfChanged(filepath.Join(dir, Name(k.Kind), name), content, 0o644)
		}
	}
	if err != nil {
		return fmt.Errorf("writing the kernel for %s: %w", k.Kind, err)
	}
	return nil
}

// Installed returns the kernels of a checkout by name.
func Installed(c checkout.Checkout) map[string]Spec {
	found := make(map[string]Spec)
	dirs, _ := checkout.Files(c.Jupyter("kernels"), "", "")
	for _, dir := range dirs {
		if spec, err := read(dir); err == nil {
			found[filepath.Base(dir)] = spec
		}
	}
	return found
}

// read reads the kernel in a directory.
func read(dir string) (spec Spec, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		return spec, err
	}
	if err := strictjson.Unmarshal(text, &spec); err != nil {
		return spec, fmt.Errorf("%s is damaged: %w", filepath.Join(dir, "kernel.json"), err)
	}
	return spec, nil
}

// An Inspected kernel is one that should be there, or is, and what is wrong.
type Inspected struct {
	Name, DisplayName string
	Err               error
}

// Inspect returns the kernels of a checkout with what is wrong with each. The
// default kernel is among them even if it is missing.
func Inspect(c checkout.Checkout) []Inspected {
	var list []Inspected
	for _, k := range kinds {
		dir := filepath.Join(c.Jupyter("kernels"), Name(k.Kind))
		spec, err := read(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && Name(k.Kind) != Default:
			continue
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("it is not installed: there is no %s", filepath.Join(dir, "kernel.json"))
		case err == nil:
			err = checkLauncher(c, spec)
		}
		list = append(list, Inspected{Name(k.Kind), k.DisplayName, err})
	}
	return list
}

// checkLauncher returns an error if a kernel does not start the launcher of a
// checkout, or that is missing or damaged.
func checkLauncher(c checkout.Checkout, spec Spec) error {
	if len(spec.Argv) == 0 || spec.Argv[0] != Launcher(c) {
		return fmt.Errorf("it starts %s, which is of another checkout; this checkout was moved or copied", strings.Join(spec.Argv[:min(1, len(spec.Argv))], ""))
	}
	if err := binary.Check(Launcher(c)); err != nil {
		return fmt.Errorf("its launcher %s cannot run: %w", Launcher(c), err)
	}
	return nil
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
