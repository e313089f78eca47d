// Package freespace tells how many bytes can still be written to a file system.
package freespace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Of returns the number of bytes that this user can still write to the file system
// of a directory. If the directory does not exist yet, it is that of the nearest
// one above it. Quotas do not count, unless the file system itself counts them. The
// error wraps [errors.ErrUnsupported] where the system or the file system does not tell.
func Of(dir string) (bytes int64, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return 0, err
	}
	for {
		_, err := os.Stat(dir)
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return available(dir)
		}
		dir = above
	}
}
