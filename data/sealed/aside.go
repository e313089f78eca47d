package sealed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// DamagedExt is the suffix of damaged files that were set aside.
const DamagedExt = ".damaged"

// SetAside renames a damaged file, so that it can be examined, to a name with
// the suffix [DamagedExt] that no file has yet. It returns the new path, or "" if
// there is no such file. Others must not do the same at the same time.
func SetAside(path string) (aside string, err error) {
	aside, err = free(path+DamagedExt, func(i int) string { return fmt.Sprintf("%s.%d%s", path, i, DamagedExt) })
	if err != nil {
		return "", err
	}
	if err := os.Rename(path, aside); errors.Is(err, os.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aside, nil
}

// OldName returns a name that no file has yet, for a whole file whose place another
// takes: the path with the suffix ".old", or ".old2" and so on.
func OldName(path string) (string, error) {
	return free(path+".old", func(i int) string { return fmt.Sprintf("%s.old%d", path, i) })
}

// free returns the first name that no file has: this one, or that of a number from 2.
func free(name string, numbered func(i int) string) (string, error) {
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
		name = numbered(i)
	}
}

// Aside returns the files that SetAside made of the file at path.
func Aside(path string) (list []string, err error) {
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+".") && filepath.Ext(e.Name()) == DamagedExt {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list, nil
}
