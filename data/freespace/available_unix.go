//go:build linux || darwin

package freespace

import (
	"errors"
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// available returns what an ordinary user may write: some file systems keep blocks
// for the administrator.
func available(dir string) (int64, error) {
	var s unix.Statfs_t
	for {
		err := unix.Statfs(dir, &s)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("the free space of the file system of %s cannot be read: %w", dir, err)
		}
		break
	}
	return bytesOf(dir, s)
}

// bytesOf returns what the answer of the system says is available.
func bytesOf(dir string, s unix.Statfs_t) (int64, error) {
	size := blockSize(s)
	if s.Blocks == 0 || size == 0 { // as of file systems in user space that do not count
		return 0, fmt.Errorf("the file system of %s does not tell its free space: %w", dir, errors.ErrUnsupported)
	}
	if blocks := uint64(s.Bavail); blocks <= math.MaxInt64/size {
		return int64(blocks * size), nil
	}
	return math.MaxInt64, nil
}
