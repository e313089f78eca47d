package dirlock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// beats returns how many signs of life the lock file of dir has.
func beats(t *testing.T, dir string) int {
	t.Helper()
	o, err := readOwner(filepath.Join(dir, Name))
	if err != nil {
		t.Fatal(err)
	}
	return o.Beat
}

// TestCanceledButLocked: a process that saves its work after Ctrl-C gives signs
// of life until it unlocks, and learns of a loss.
func TestCanceledButLocked(t *testing.T) {
	needsOwners(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	l, ok, err := Try(ctx, dir)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	cancel()
	for begun := time.Now(); beats(t, dir) == 0; time.Sleep(early / 5) {
		if time.Since(begun) > 100*early {
			t.Fatal("no sign of life after the context was canceled")
		}
	}
	if err := l.Err(); err != nil {
		t.Errorf("the lock is held, but Err is %v", err)
	}
	if err := context.Cause(l.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is %v", err)
	}
	put(t, dir, owner{Host: "other", Place: "elsewhere", PID: 7, Nonce: "other"})
	if err := l.Err(); !isShared(err) {
		t.Errorf("the lock is lost, but Err is %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if err := l.Err(); !isShared(err) {
		t.Errorf("after Unlock, Err is %v", err)
	}
}

// TestSent: the owner's record reaches other machines while the file is open.
func TestSent(t *testing.T) {
	needsOwners(t)
	old, sent := syncFile, make(chan string, 1)
	syncFile = func(f *os.File) error {
		text, err := os.ReadFile(f.Name())
		sent <- string(text)
		return errors.Join(err, old(f))
	}
	defer func() { syncFile = old }()
	l := try(t, t.TempDir())
	select {
	case text := <-sent:
		if !strings.Contains(text, l.owner.Nonce) {
			t.Errorf("sent was %q", text)
		}
	case <-time.After(100 * early):
		t.Error("nothing was sent")
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestRemovedWhileLocked: a directory that was removed, and made and locked again
// by another process, is not one whose file system keeps no locks.
func TestRemovedWhileLocked(t *testing.T) {
	needsOwners(t)
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	l := try(t, dir)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	other := try(t, dir)
	select {
	case <-l.Context().Done():
	case <-time.After(stale):
		t.Fatal("the loss is not noticed")
	}
	for _, err := range []error{l.Err(), context.Cause(l.Context())} {
		if err == nil || isShared(err) || !strings.Contains(err.Error(), "the directory was removed while it was locked") {
			t.Errorf("error %v", err)
		}
	}
	if err := other.Err(); err != nil {
		t.Errorf("the new lock is lost too: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if err := other.Err(); err != nil {
		t.Errorf("after the first lock has ended: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestRemovedBeforeLocked: Try does not make a directory that was removed.
func TestRemovedBeforeLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	old := newLocker
	t.Cleanup(func() { newLocker = old })
	newLocker = func(path string) locker { return removing{old(path), dir} }
	if _, ok, err := Try(t.Context(), dir); ok || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Try: %v, %v, want that there is no directory", ok, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is there again: %v", err)
	}
}

// removing removes the directory after it was locked.
type removing struct {
	locker
	dir string
}

func (r removing) TryLock() (bool, error) {
	ok, err := r.locker.TryLock()
	return ok, errors.Join(err, os.RemoveAll(r.dir))
}

// TestClocks: the clock of this machine may be ahead of, or behind, that of the
// file system and of the owner.
func TestClocks(t *testing.T) {
	needsOwners(t)
	old := fileTime
	t.Cleanup(func() { fileTime = old })
	at := func(written, now time.Time, err error) (free bool) {
		t.Helper()
		dir := t.TempDir()
		put(t, dir, owner{Host: "other", Place: "elsewhere", PID: 7, Nonce: "n"})
		if err := os.Chtimes(filepath.Join(dir, Name), written, written); err != nil {
			t.Fatal(err)
		}
		fileTime = func(string) (time.Time, error) { return now, err }
		l, ok, err := Try(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			_ = l.Unlock()
		}
		return ok
	}
	behind, ahead := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for _, now := range []time.Time{behind, ahead} {
		if free := at(now.Add(-beat), now, nil); free {
			t.Errorf("at %s an owner that wrote %s ago counts as dead", now, beat)
		}
		if free := at(now.Add(-2*stale), now, nil); !free {
			t.Errorf("at %s an owner that wrote %s ago counts as working", now, 2*stale)
		}
	}
	if free := at(behind, time.Time{}, os.ErrPermission); free {
		t.Error("where no file tells the time, an owner counts as dead at the first look")
	}
	// The time that a real file tells is removed with it.
	fileTime = old
	dir := t.TempDir()
	now, err := fileTime(dir)
	if err != nil || time.Since(now).Abs() > stale {
		t.Errorf("the time is %s, %v", now, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
