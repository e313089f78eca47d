package kernelspec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// UserDir returns the directory of the user's own kernels, where every Jupyter
// of the user and VS Code look for them.
func UserDir() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return filepath.Join(dir, "kernels"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the directory of your kernels: %w", err)
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter", "kernels"), nil
	case "windows":
		if dir := os.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter", "kernels"), nil
		}
		return filepath.Join(home, ".jupyter", "data", "kernels"), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter", "kernels"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter", "kernels"), nil
}

// InstallForUser writes kernels of the given kinds into the user's own Jupyter
// and returns their directories. A kernel of the same name that belongs to
// another checkout, or is no kernel of this project, stays, and is an error
// unless replace is set.
func InstallForUser(c checkout.Checkout, goProgram string, offered []string, replace bool) (paths []string, err error) {
	dir, err := UserDir()
	if err != nil {
		return nil, err
	}
	var chosen []kind
	for _, k := range kinds {
		if !slices.Contains(offered, k.Kind) {
			continue
		}
		chosen = append(chosen, k)
		path := filepath.Join(dir, Name(k.Kind))
		if owner, err := ownerOf(path); err != nil && !replace {
			return nil, fmt.Errorf("%w; remove it, or install with -replace", err)
		} else if owner != "" && owner != Launcher(c) && !replace {
			return nil, fmt.Errorf("the kernel %s is of another checkout, whose launcher is %s; uninstall it there, or install with -replace", path, owner)
		}
	}
	for _, k := range chosen {
		if err := k.install(c, goProgram, dir); err != nil {
			return paths, err
		}
		paths = append(paths, filepath.Join(dir, Name(k.Kind)))
	}
	return paths, nil
}

// ownerOf returns the launcher that a kernel starts, "" if there is no kernel in
// the directory. It returns an error if the kernel is not one of this project's.
func ownerOf(path string) (launcher string, err error) {
	spec, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		return "", fmt.Errorf("%s is not a kernel of this project", path)
	case err != nil:
		return "", err
	case len(spec.Argv) < 2 || spec.Argv[1] != "launch":
		return "", fmt.Errorf("%s is not a kernel of this project", path)
	}
	return spec.Argv[0], nil
}

// OfUser returns the kernels of this project in the user's own Jupyter, with
// what is wrong with each that starts the launcher of a checkout that is gone.
func OfUser() ([]Inspected, error) {
	dir, err := UserDir()
	if err != nil {
		return nil, err
	}
	var list []Inspected
	for _, k := range kinds {
		path := filepath.Join(dir, Name(k.Kind))
		owner, _ := ownerOf(path)
		if owner == "" {
			continue // none, or not ours
		}
		_, err := os.Stat(owner)
		if err != nil {
			err = fmt.Errorf("%s starts %s, which is gone: its checkout was moved or removed", path, owner)
		}
		list = append(list, Inspected{path, k.DisplayName, err})
	}
	return list, nil
}

// UninstallForUser removes the kernels of a checkout from the user's own Jupyter
// and returns their directories. It leaves those of other checkouts that exist,
// and returns their directories too.
func UninstallForUser(c checkout.Checkout) (removed, left []string, err error) {
	dir, err := UserDir()
	if err != nil {
		return nil, nil, err
	}
	for _, k := range kinds {
		path := filepath.Join(dir, Name(k.Kind))
		owner, _ := ownerOf(path)
		if owner == "" {
			continue
		}
		if _, err := os.Stat(owner); err == nil && owner != Launcher(c) {
			left = append(left, path)
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return removed, left, fmt.Errorf("removing the kernel %s: %w", path, err)
		}
		removed = append(removed, path)
	}
	return removed, left, nil
}
