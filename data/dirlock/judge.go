package dirlock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// dying is how long a process may take to end after it has lost its lock.
const dying = 500 * time.Millisecond

// isFree reports whether a locked directory may be used. It is false if an owner
// elsewhere may still work. It returns a [*SharedError] if an owner works for
// certain: the lock that this process got is none.
func isFree(dir string) (bool, error) {
	path := filepath.Join(dir, Name)
	for deadline := time.Now().Add(dying); ; time.Sleep(10 * time.Millisecond) {
		found, err := readOwner(path)
		if err != nil {
			return false, explain(dir, err)
		}
		alive, known := isAlive(found)
		switch {
		case known && !alive:
			return true, nil
		case !known:
			return isQuiet(dir, path, found)
		case time.Now().After(deadline):
			return false, &SharedError{dir, found.Host, found.PID}
		}
	}
}

// isAlive reports whether an owner works, and whether that is known.
func isAlive(o owner) (alive, known bool) {
	me := self()
	switch {
	case o.Nonce == "":
		return false, true
	case holds(o.Nonce):
		return true, true
	case o.Place != "" && o.Place == me.Place && o.Start != "":
		if o.PID == me.PID && o.Start == me.Start {
			return false, true // an earlier lock of this process
		}
		start, running := startOf(o.PID)
		return running && start == o.Start, true
	case o.Host == me.Host && o.Place == "" && me.Place == "" && isGone(o.PID):
		return false, true
	}
	return false, false
}

// isQuiet reports whether an owner elsewhere has given no sign of life for so
// long that it counts as dead. A sign of life between two calls is a
// [*SharedError].
func isQuiet(dir, path string, found owner) (bool, error) {
	holding.Lock()
	before := holding.seen[path]
	holding.Unlock()
	if before.nonce != found.Nonce {
		age, err := ageOf(dir, path)
		if err != nil {
			return false, explain(dir, err)
		}
		before = sighting{found.Nonce, found.Beat, time.Now().Add(-age)}
	}
	holding.Lock()
	defer holding.Unlock()
	if holding.seen == nil {
		holding.nonces, holding.seen = make(map[string]bool), make(map[string]sighting)
	}
	holding.seen[path] = before
	switch {
	case before.beat != found.Beat:
		delete(holding.seen, path)
		return false, &SharedError{dir, found.Host, found.PID}
	case time.Since(before.since) > stale:
		delete(holding.seen, path)
		return true, nil
	}
	return false, nil
}

// ageOf returns how long ago the lock file was written. It compares the file's
// time with that of a new file beside it: the clock of this machine may be
// minutes away from the one that stamps files. Where no file can be made, and
// for times in the future, the age is 0: then only what this process sees counts.
func ageOf(dir, path string) (time.Duration, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	now, err := fileTime(dir)
	if err != nil {
		return 0, nil
	}
	return max(0, now.Sub(info.ModTime())), nil
}

// fileTime returns the time that a file in dir gets now. Tests set the clock back.
var fileTime = func(dir string) (now time.Time, err error) {
	f, err := os.CreateTemp(dir, Name+".*"+atomicfile.Ext)
	if err != nil {
		return now, err
	}
	info, err := f.Stat()
	removed := os.Remove(f.Name())
	if errors.Is(removed, fs.ErrNotExist) { // whoever works in the directory cleared it
		removed = nil
	}
	if err = errors.Join(err, f.Close(), removed); err != nil {
		return now, err
	}
	return info.ModTime(), nil
}
