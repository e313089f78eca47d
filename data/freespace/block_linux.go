package freespace

import "golang.org/x/sys/unix"

// blockSize returns the size of the blocks that are counted. Bsize is that of good
// transfers, which is another one in some file systems.
func blockSize(s unix.Statfs_t) uint64 {
	if s.Frsize > 0 {
		return uint64(s.Frsize)
	}
	return uint64(s.Bsize)
}
