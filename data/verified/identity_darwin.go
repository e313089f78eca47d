package verified

import (
	"io/fs"
	"syscall"
)

// identity returns a file's inode, and when its contents or inode changed last,
// in nanoseconds since 1970.
func identity(info fs.FileInfo) (inode uint64, changed int64, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return s.Ino, s.Ctimespec.Nano(), true
}
