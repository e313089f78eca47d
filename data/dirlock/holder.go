package dirlock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Stale is how long an owner elsewhere may give no sign of life before it counts
// as dead.
const Stale = stale

// Holder is the process that holds the lock of a directory, as its lock file says.
type Holder struct {
	Host string
	PID  int

	Known bool      // it works for certain: it is a process of this machine that exists
	Beat  int       // signs of life so far; where it is not known, a larger one tells that it works
	At    time.Time // of the last sign, by the clock of the file system
}

// HolderOf returns who holds the lock of a directory. It returns ok = false if
// nobody does, or a process of this machine that has ended, and where no owners are
// recorded. It only reads, so unlike [Try] it cannot say for certain whether an
// owner elsewhere works.
func HolderOf(dir string) (h Holder, ok bool, err error) {
	path := filepath.Join(dir, Name)
	found, err := readOwner(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	if err != nil {
		return h, false, err
	}
	alive, known := isAlive(found)
	if known && !alive {
		return h, false, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return h, false, err
	}
	return Holder{Host: found.Host, PID: found.PID, Known: known, Beat: found.Beat, At: info.ModTime()}, true, nil
}
