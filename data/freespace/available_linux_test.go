package freespace

import (
	"errors"
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBytesOf checks what is made of answers that file systems give.
func TestBytesOf(t *testing.T) {
	for name, test := range map[string]struct {
		of   unix.Statfs_t
		want int64
	}{
		"equal sizes":         {unix.Statfs_t{Blocks: 10, Bavail: 3, Bsize: 4096, Frsize: 4096}, 3 * 4096},
		"large transfers":     {unix.Statfs_t{Blocks: 10, Bavail: 3, Bsize: 1 << 20, Frsize: 4096}, 3 * 4096},
		"no size of fragment": {unix.Statfs_t{Blocks: 10, Bavail: 3, Bsize: 512}, 3 * 512},
		"full":                {unix.Statfs_t{Blocks: 10, Bsize: 4096, Frsize: 4096}, 0},
		"without end":         {unix.Statfs_t{Blocks: math.MaxUint64, Bavail: math.MaxUint64, Bsize: 4096, Frsize: 4096}, math.MaxInt64},
	} {
		if got, err := bytesOf("dir", test.of); got != test.want || err != nil {
			t.Errorf("%s: %d bytes, error %v; want %d", name, got, err, test.want)
		}
	}
	// What FUSE's library answers for a program that counts nothing.
	if got, err := bytesOf("dir", unix.Statfs_t{Bsize: 512}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a file system that does not count has %d bytes, error %v", got, err)
	}
}
