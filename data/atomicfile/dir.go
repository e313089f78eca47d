package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteDir creates the directory path with the files that fill writes into a
// temporary directory dir. The directory gets its name after fill returns;
// after an error there is nothing new. If path exists it must be an empty
// directory; if it is a symbolic link, the link stays. Fill must leave its
// files synced to the disk, as [Write] does.
func WriteDir(path string, fill func(dir string) error) (err error) {
	path, err = target(path)
	if err != nil {
		return err
	}
	parent := filepath.Dir(path)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return fmt.Errorf("%s cannot be created as a directory: %w", path, err)
	}
	tmp := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), Ext)
	if err := os.Mkdir(tmp, 0o777); err != nil {
		return fmt.Errorf("writing %s: cannot create a directory in its parent: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp)
		}
	}()
	if err := fill(tmp); err != nil {
		return err
	}
	if err := SyncDir(tmp); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty, or absent
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return SyncDir(parent)
}

// CheckDir returns the error that [WriteDir] would return for path, as far as
// it can be known beforehand: path must not exist, or be an empty directory
// other than the working directory.
func CheckDir(path string) error {
	_, err := target(path)
	return err
}

// target returns the absolute path of the directory to create, with a symbolic
// link at its end resolved.
func target(path string) (string, error) {
	path = filepath.Clean(path)
	real, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Lstat(real)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return real, nil
	}
	if err == nil { // a dangling link is an error
		real, err = filepath.EvalSymlinks(real)
	}
	var entries []fs.DirEntry
	if err == nil {
		entries, err = os.ReadDir(real)
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s exists and is not empty (it holds %s): name another directory, or remove it", path, entries[0].Name())
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot be created as a directory: %w", path, err)
	}
	if isWorkingDir(real) {
		return "", fmt.Errorf("%s is the working directory, which cannot be replaced: name a new directory in it, such as model", path)
	}
	return real, nil
}

func isWorkingDir(path string) bool {
	a, err := os.Stat(path)
	b, errWorking := os.Stat(".")
	return err == nil && errWorking == nil && os.SameFile(a, b)
}
