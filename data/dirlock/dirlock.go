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
//   - Two processes that lock at the same moment find each other soon
//     afterwards: the context of one lock is canceled.
//
// On Windows and other systems whose locks forbid to write to the file, or end
// when it is closed, there is only the lock.
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
	file   locker
	owner  owner
	record *os.File // the lock file, open for writing; nil if owners are not recorded
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  sync.WaitGroup
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

// Try locks a directory, which must exist. It returns false if another process,
// or another lock of this process, holds the lock.
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
		// The directory was removed, and perhaps created again.
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, false, fmt.Errorf("locking %s: %w", dir, err)
		}
	}
}

// Wait is [Try] until the lock is free or the context is canceled. It calls
// waiting, which may be nil, after each attempt that failed.
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

// isAt reports whether a locked file is still the one at path.
func isAt(file locker, path string) (bool, error) {
	locked, err := file.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, os.MkdirAll(filepath.Dir(path), 0o755)
	}
	return err == nil && os.SameFile(locked, now), err
}

// begin returns the lock of a locked file, unless its owner still works.
func begin(ctx context.Context, file locker, dir string) (l *Lock, ok bool, err error) {
	path := filepath.Join(dir, Name)
	l = &Lock{file: file, owner: newOwner()}
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
		l.ended.Go(func() { l.live(dir) })
	}
	return l, true, nil
}

// Context returns a context that is canceled when the lock is lost, because the
// file system does not keep it. Its cause then is a [*SharedError].
func (l *Lock) Context() context.Context { return l.ctx }

// Unlock ends the lock.
func (l *Lock) Unlock() error {
	l.cancel(errUnlocked)
	l.ended.Wait()
	var err error
	if l.record != nil {
		if found, readErr := readOwner(l.record.Name()); readErr == nil && found.Nonce == l.owner.Nonce {
			err = l.record.Truncate(0)
		}
		err = errors.Join(err, l.record.Close())
		hold(l.owner.Nonce, false)
	}
	return errors.Join(err, l.file.Close())
}

var errUnlocked = errors.New("the lock has ended")

// live writes signs of life until the lock ends. If the file names another
// owner, the lock is lost.
func (l *Lock) live(dir string) {
	timer := time.NewTimer(early)
	defer timer.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-timer.C:
		}
		found, err := readOwner(l.record.Name())
		switch {
		case err != nil: // the directory is gone, or out of reach for now
		case found.Nonce != "" && found.Nonce != l.owner.Nonce:
			l.cancel(&SharedError{dir, found.Host, found.PID})
			return
		default:
			l.owner.Beat++
			_ = l.owner.write(l.record) // a sign of life that fails is like none
		}
		timer.Reset(beat)
	}
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
	return fmt.Sprintf("the file system of %s does not keep locks: process %d on %s has locked it, and this process could lock it too. Let one process at a time work there, or %s; if that process is none of these, remove %s",
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
