package freespace

import "golang.org/x/sys/unix"

// blockSize returns the size of the blocks that are counted.
func blockSize(s unix.Statfs_t) uint64 { return uint64(s.Bsize) }
