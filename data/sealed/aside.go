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
	aside = path + DamagedExt
	for i := 2; ; i++ {
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s.%d%s", path, i, DamagedExt)
	}
	if err := os.Rename(path, aside); errors.Is(err, os.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aside, nil
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
