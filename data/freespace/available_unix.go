//go:build linux || darwin

package freespace

import (
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
	if blocks, size := uint64(s.Bavail), uint64(s.Bsize); size == 0 || blocks <= math.MaxInt64/size {
		return int64(blocks * size), nil
	}
	return math.MaxInt64, nil
}
