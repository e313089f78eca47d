// Package dirlock locks directories against other processes, by a file in them.
//
// The lock is flock(2), which ends with its process, however that ends. Some
// network and FUSE file systems have no flock, which is an error, and some let
// it succeed and do nothing. The lock file therefore names its owner: a process
// that gets the lock, and finds there another one that still works, refuses to
// share the directory. So:
//
//   - An owner on the same machine works if its process exists, with the same
//     start time. After a kill, the next process goes on at once.
//   - An owner elsewhere writes to the file every ten seconds. It counts as dead
//     after a minute without that; until then the directory counts as locked.
//     The age of a sign is measured by the clock of the file system.
//   - Two processes that lock at the same moment find each other soon
//     afterwards: one of them has lost its lock, see [Lock.Err].
//
// On Windows, and where a locked file cannot be written or closing it ends the
// lock, no owner is recorded: the lock alone counts.
package dirlock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Name is the name of the lock file in a directory.
const Name = ".lock"

// Times of owners.
const (
	beat  = 10 * time.Second // between two signs of life
	stale = time.Minute      // without a sign of life, an owner elsewhere counts as dead
	early = 50 * time.Millisecond
)

// Lock is a held lock.
type Lock struct {
	file     locker
	owner    owner
	dir      string
	ctx      context.Context
	cancel   context.CancelCauseFunc
	unlocked chan struct{} // closed by Unlock
	unlock   func()        // closes it, once
	ended    sync.WaitGroup

	mu     sync.Mutex
	record *os.File // the lock file, open for writing; nil if no owner is recorded
	lost   error
}

// locker is the part of [flock.Flock] that is used. Tests have one that does
// nothing.
type locker interface {
	TryLock() (bool, error)
	Stat() (fs.FileInfo, error)
	Close() error
}

// Other users of a shared directory may lock it too, as far as the umask lets them.
var newLocker = func(path string) locker { return flock.New(path, flock.SetPermissions(0o666)) }

// Try locks a directory. It returns false if another process, or another lock of
// this process, holds the lock, and [os.ErrNotExist] if there is no directory.
func Try(ctx context.Context, dir string) (l *Lock, ok bool, err error) {
	path := filepath.Join(dir, Name)
	for {
		file := newLocker(path)
		if ok, err := file.TryLock(); err != nil || !ok {
			return nil, false, errors.Join(explain(dir, err), file.Close())
		}
		same, err := isAt(file, path)
		if same && err == nil {
			return begin(ctx, file, dir)
		}
		// The directory was removed, and perhaps created again: the next attempt
		// finds that out.
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, false, fmt.Errorf("locking %s: %w", dir, err)
		}
	}
}

// Wait is [Try] until the lock is free, the directory is removed or the context
// is canceled. It calls waiting, which may be nil, after each attempt that failed.
func Wait(ctx context.Context, dir string, waiting func()) (*Lock, error) {
	for {
		l, ok, err := Try(ctx, dir)
		if ok || err != nil {
			return l, err
		}
		if waiting != nil {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("locking %s: %w", dir, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// isAt reports whether an open file is still the one at path.
func isAt(file interface{ Stat() (fs.FileInfo, error) }, path string) (bool, error) {
	locked, err := file.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(locked, now), err
}

// begin returns the lock of a locked file, unless its owner still works.
func begin(ctx context.Context, file locker, dir string) (l *Lock, ok bool, err error) {
	path := filepath.Join(dir, Name)
	l = &Lock{file: file, owner: newOwner(), dir: dir, unlocked: make(chan struct{})}
	l.unlock = sync.OnceFunc(func() { close(l.unlocked) })
	if recorded {
		free, err := isFree(dir)
		if err != nil || !free {
			return nil, false, errors.Join(err, file.Close())
		}
		// On a full disk there is no record. The lock is good without it, and
		// it may be there to free space.
		if record, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			if l.record = record; l.owner.write(record) != nil {
				l.record = nil
				_ = errors.Join(record.Truncate(0), record.Close())
			}
		}
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	if l.record != nil {
		hold(l.owner.Nonce, true)
		l.ended.Go(l.live)
	}
	return l, true, nil
}

// Context returns the context given to [Try] or [Wait], which is also canceled
// when the lock is lost, and when it ends. Its cause then is that of [Lock.Err],
// unless it was canceled before.
func (l *Lock) Context() context.Context { return l.ctx }

// Err returns why the lock is lost, or nil while it is held. A process that has
// lost its lock must leave the directory's files alone, for they are another
// process's now. The file system has not kept the lock ([*SharedError]), or the
// directory was removed.
//
// Err looks at the lock file, and so knows also of a loss since the last sign of
// life.
func (l *Lock) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.check()
}

// check is [Lock.Err] for a caller that holds the mutex.
func (l *Lock) check() error {
	if l.lost != nil || l.record == nil {
		return l.lost
	}
	path := l.record.Name()
	found, err := readOwner(path)
	if err != nil || found.Nonce == l.owner.Nonce {
		return nil // without the file the directory is gone, or out of reach for now
	}
	switch same, err := isAt(l.record, path); {
	case err != nil:
	case !same:
		l.lost = fmt.Errorf("%s: the directory was removed while it was locked", l.dir)
	case found.Nonce != "":
		l.lost = &SharedError{l.dir, found.Host, found.PID}
	}
	if l.lost != nil {
		l.cancel(l.lost)
	}
	return l.lost
}

// Unlock ends the lock.
func (l *Lock) Unlock() error {
	l.unlock()
	l.cancel(errUnlocked)
	l.ended.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.record != nil {
		if found, readErr := readOwner(l.record.Name()); readErr == nil && found.Nonce == l.owner.Nonce {
			err = l.record.Truncate(0)
		}
		err = errors.Join(err, l.record.Close())
		l.record = nil
		hold(l.owner.Nonce, false)
	}
	return errors.Join(err, l.file.Close())
}

// syncFile sends what was written to where other machines see it. Tests count it.
var syncFile = (*os.File).Sync

var errUnlocked = errors.New("the lock has ended")

// live writes signs of life until the lock ends or is lost. It goes on when the
// context is canceled: who saves work after that still holds the lock.
func (l *Lock) live() {
	timer := time.NewTimer(early)
	defer timer.Stop()
	for {
		select {
		case <-l.unlocked:
			return
		case <-timer.C:
		}
		if !l.beat() {
			return
		}
		timer.Reset(beat)
	}
}

// beat writes a sign of life, unless the lock is lost.
func (l *Lock) beat() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.check() != nil {
		return false
	}
	l.owner.Beat++
	// A sign of life that fails is like none. The file stays open, and without Sync
	// another machine might see what is written only when it is closed. Sync takes
	// milliseconds, so begin leaves it to the first beat, which short locks never
	// reach.
	if l.owner.write(l.record) == nil {
		_ = syncFile(l.record)
	}
	return true
}

// SharedError is the error of a directory that two processes use at a time,
// because its file system does not keep locks.
type SharedError struct {
	Dir  string
	Host string // of the other process
	PID  int
}

const remedy = "put it on a local disk, or mount its file system with locks (NFS without nolock, Lustre with flock)"

func (e *SharedError) Error() string {
	return fmt.Sprintf("the file system of %s does not keep locks: process %d on %s has locked it, and this process could lock it too. Let one process at a time work there, or %s. If that process no longer runs, remove %s.",
		e.Dir, e.PID, e.Host, remedy, filepath.Join(e.Dir, Name))
}

// explain adds to an error of flock what to do.
func explain(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
		return fmt.Errorf("locking %s: its file system has no locks (%w), which keep two processes from working there at a time: %s", dir, err, remedy)
	}
	return fmt.Errorf("locking %s: %w", dir, err)
}
