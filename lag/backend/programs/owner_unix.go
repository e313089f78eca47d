//go:build unix

package programs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// readOnly opens a file for reading, but follows no link, and does not wait for
// the other end of a pipe.
const readOnly = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// trusted returns an error unless a file or directory belongs to the user of
// this process and nobody else can write to it.
func trusted(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner is not known")
	}
	if int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, not to %d", stat.Uid, os.Geteuid())
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others can write to it (%s); chmod go-w mends that", mode)
	}
	return nil
}
