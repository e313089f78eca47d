package programs

import (
	"errors"
	"os"
	"time"

	"github.com/gofrs/flock"
)

const lockExt = ".lock"

// Times of locks. Only tests change them.
var (
	beat     = 2 * time.Second       // between two signs of life
	stalled  = 20 * time.Second      // without a sign of life, nobody waits any longer
	patience = 15 * time.Minute      // nobody waits longer than this
	poll     = 20 * time.Millisecond // between two attempts
)

// ErrStalled says that the process which compiles a program has given no sign of
// life for long, or takes too long.
var ErrStalled = errors.New("the process that compiles the program does not get on")

// Lock reserves the compilation of a program. If another process, or another
// goroutine, has reserved it, Lock waits until it is done, and calls waiting
// once. The caller should then look for the program again. Without the lock,
// such as on a file system that has none, there is an error, and the caller
// should compile all the same.
func (s *Store) Lock(k Key, waiting func()) (unlock func(), err error) {
	path := s.path(k) + lockExt
	var seen time.Time // the last sign of life
	start := time.Now()
	alive := start // when it was seen first
	for called := false; ; {
		file := flock.New(path, flock.SetPermissions(0o600))
		ok, err := file.TryLock()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if ok && isAt(file, path) {
			return hold(file), nil
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
		if ok {
			continue // the file that is locked was removed by the last holder
		}
		if !called {
			waiting()
			called = true
		}
		// Two clocks may differ, so a change of the time counts and not its value.
		if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(seen) {
			alive = time.Now()
			if err == nil {
				seen = info.ModTime()
			}
		}
		if time.Since(alive) > stalled || time.Since(start) > patience {
			return nil, ErrStalled
		}
		time.Sleep(poll)
	}
}

// isAt reports whether a locked file is still the one at path.
func isAt(file *flock.Flock, path string) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(locked, now)
}

// hold gives signs of life until the lock is released.
func hold(file *flock.Flock) (unlock func()) {
	touch := func() {
		now := time.Now()
		_ = os.Chtimes(file.Path(), now, now) // at worst others do not wait
	}
	touch()
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				touch()
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		_ = os.Remove(file.Path()) // before it is released, so that it is not another's
		_ = file.Close()
	}
}
