package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteDir makes a directory of the files that fill puts into the directory
// that it is given. The directory appears under its name when fill is done;
// after an error there is nothing new. A directory of that name may exist if it
// is empty. The files must be on disk when fill returns, as those of [Write] are.
func WriteDir(path string, fill func(dir string) error) (err error) {
	path = filepath.Clean(path)
	if err := CheckDir(path); err != nil {
		return err
	}
	parent := filepath.Dir(path)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return fmt.Errorf("%s cannot be made a directory: %w", path, err)
	}
	tmp := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), Ext)
	if err := os.Mkdir(tmp, 0o777); err != nil {
		return fmt.Errorf("writing %s: its directory does not take files: %w", path, err)
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
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return SyncDir(parent)
}

// CheckDir reports what would keep [WriteDir] from making a directory, as far
// as that can be seen beforehand: there must be nothing of that name, or an
// empty directory.
func CheckDir(path string) error {
	entries, err := os.ReadDir(path)
	if len(entries) > 0 {
		return fmt.Errorf("%s exists and is not empty (it holds %s): name another directory, or remove it", path, entries[0].Name())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be made a directory: %w", path, err)
	}
	return nil
}
