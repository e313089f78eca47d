package dirlock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// holdEnv makes the test program hold the lock of a directory until it is
// killed. The value begins with + for a lock that does nothing.
const holdEnv = "DIRLOCK_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		if rest, ok := strings.CutPrefix(dir, "+"); ok {
			dir, newLocker = rest, func(path string) locker { return &noLock{path: path} }
		}
		_, ok, err := Try(context.Background(), dir)
		fmt.Println(ok, err)
		select {}
	}
	os.Exit(m.Run())
}

// noLock is a lock that does nothing, as flock on some file systems.
type noLock struct {
	path string
	err  error
}

func (l *noLock) TryLock() (bool, error) {
	if l.err != nil {
		return false, l.err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDONLY, 0o666)
	if err != nil {
		return false, err
	}
	return true, f.Close()
}
func (l *noLock) Stat() (fs.FileInfo, error) { return os.Stat(l.path) }
func (l *noLock) Close() error               { return nil }

// needsOwners skips a test where lock files do not name their owner.
func needsOwners(t *testing.T) {
	t.Helper()
	if !recorded {
		t.Skip("lock files do not name their owner here")
	}
}

func useNoLock(t *testing.T, err error) {
	if err == nil {
		needsOwners(t)
	}
	old := newLocker
	newLocker = func(path string) locker { return &noLock{path, err} }
	t.Cleanup(func() { newLocker = old })
}

func try(t *testing.T, dir string) *Lock {
	t.Helper()
	l, ok, err := Try(t.Context(), dir)
	if err != nil || !ok {
		t.Fatalf("Try: %v, %v", ok, err)
	}
	return l
}

// holder starts a process that holds the lock of a directory.
func holder(t *testing.T, value string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+value)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "true <nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	l := try(t, dir)
	if other, ok, err := Try(t.Context(), dir); ok || err != nil {
		t.Fatalf("locked twice: %v, %v", other, err)
	}
	if err := l.Context().Err(); err != nil {
		t.Error(err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, Name)); err != nil || len(text) > 0 {
		t.Errorf("after the lock its file has %q, %v", text, err)
	}
	if err := try(t, dir).Unlock(); err != nil {
		t.Error(err)
	}
	if _, _, err := Try(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// TestKilled: after a kill the lock is free at once, also before the parent has
// noticed, and with a lock that does nothing.
func TestKilled(t *testing.T) {
	for _, prefix := range []string{"", "+"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			dir := t.TempDir()
			if prefix != "" {
				useNoLock(t, nil)
			}
			cmd := holder(t, prefix+dir)
			if prefix == "" {
				if _, ok, err := Try(t.Context(), dir); ok || err != nil {
					t.Errorf("a lock that another process holds: %v, %v", ok, err)
				}
			} else {
				_, ok, err := Try(t.Context(), dir)
				shared, is := errors.AsType[*SharedError](err)
				if ok || !is || shared.PID != cmd.Process.Pid || !strings.Contains(err.Error(), "does not keep locks") {
					t.Errorf("a lock that does nothing: %v, %v", ok, err)
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			l, err := Wait(t.Context(), dir, nil)
			for is := true; is && time.Since(begun) < time.Minute; { // until the kill has arrived
				if _, is = errors.AsType[*SharedError](err); is {
					l, err = Wait(t.Context(), dir, nil)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Unlock(); err != nil {
				t.Error(err)
			}
			if took := time.Since(begun); took > stale/2 {
				t.Errorf("going on after a kill took %s", took)
			}
		})
	}
}

func TestLockThatDoesNothing(t *testing.T) {
	useNoLock(t, nil)
	dir := t.TempDir()
	l := try(t, dir)
	if _, _, err := Try(t.Context(), dir); !isShared(err) {
		t.Errorf("the same process locks twice: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	// Another process locks at the same moment: both saw a free directory.
	l = try(t, dir)
	other := owner{Host: "other", Place: "elsewhere", PID: 7, Nonce: "other"}
	put(t, dir, other)
	select {
	case <-l.Context().Done():
	case <-time.After(stale):
		t.Fatal("the other owner is not noticed")
	}
	if err := context.Cause(l.Context()); !isShared(err) {
		t.Errorf("the cause is %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if found, err := readOwner(filepath.Join(dir, Name)); err != nil || found != other {
		t.Errorf("the lost lock changed the other's record to %+v, %v", found, err)
	}
}

func isShared(err error) bool {
	_, ok := errors.AsType[*SharedError](err)
	return ok
}

// put writes the record of another owner.
func put(t *testing.T, dir string, o owner) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, Name), os.O_CREATE|os.O_RDWR, 0o666)
	if err == nil {
		err = errors.Join(o.write(f), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestElsewhere: an owner on another machine counts as working until it was quiet
// for a minute.
func TestElsewhere(t *testing.T) {
	needsOwners(t)
	dir := t.TempDir()
	other := owner{Host: "other", Place: "elsewhere", PID: 7, Nonce: "n"}
	put(t, dir, other)
	for range 2 {
		if _, ok, err := Try(t.Context(), dir); ok || err != nil {
			t.Fatalf("an owner that wrote just now: %v, %v", ok, err)
		}
	}
	other.Beat++
	put(t, dir, other)
	if _, _, err := Try(t.Context(), dir); !isShared(err) {
		t.Errorf("an owner that gives signs of life: %v", err)
	}
	past := time.Now().Add(-2 * stale)
	if err := os.Chtimes(filepath.Join(dir, Name), past, past); err != nil {
		t.Fatal(err)
	}
	if err := try(t, dir).Unlock(); err != nil {
		t.Error(err)
	}
	// A clock that is ahead does not keep a dead owner alive.
	put(t, dir, other)
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, Name), future, future); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Try(t.Context(), dir); ok || err != nil {
		t.Fatalf("an owner in the future: %v, %v", ok, err)
	}
	holding.Lock()
	seen := holding.seen[filepath.Join(dir, Name)]
	seen.since = past
	holding.seen[filepath.Join(dir, Name)] = seen
	holding.Unlock()
	if err := try(t, dir).Unlock(); err != nil {
		t.Error(err)
	}
}

// TestDamagedRecords: files that name nobody belong to nobody.
func TestDamagedRecords(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "x", `{"nonce": 3}`, `{"pid": "a"}`, strings.Repeat("{", 5000), "null", "\x00\x00"} {
		if err := os.WriteFile(filepath.Join(dir, Name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := try(t, dir).Unlock(); err != nil {
			t.Error(err)
		}
	}
	if !recorded {
		return
	}
	// A process of this machine that is no more, and this process before it
	// became another one.
	for _, o := range []owner{{PID: 1 << 22, Start: "1"}, {PID: os.Getpid(), Start: "1"}} {
		o.Host, o.Place, o.Nonce = self().Host, self().Place, "n"
		put(t, dir, o)
		if o.Place == "" {
			continue
		}
		if err := try(t, dir).Unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestNoLocks(t *testing.T) {
	for _, err := range []error{syscall.ENOSYS, syscall.ENOTSUP, syscall.ENOLCK} {
		useNoLock(t, err)
		dir := t.TempDir()
		_, _, got := Try(t.Context(), dir)
		if got == nil || !errors.Is(got, err) || !strings.Contains(got.Error(), dir) || !strings.Contains(got.Error(), "put it on a local disk") {
			t.Errorf("%v: error %v", err, got)
		}
	}
}

// TestDirectoryReplaced: a lock on a directory that was removed, and made again
// by another process, is not taken for one on the new directory.
func TestDirectoryReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	first := true
	old := newLocker
	t.Cleanup(func() { newLocker = old })
	newLocker = func(path string) locker { return replacing{old(path), dir, &first} }
	l := try(t, dir)
	newLocker = old
	if _, ok, err := Try(t.Context(), dir); ok || err != nil {
		t.Errorf("the new directory can be locked twice: %v, %v", ok, err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

// replacing removes the directory after it was locked for the first time.
type replacing struct {
	locker
	dir   string
	first *bool
}

func (r replacing) TryLock() (bool, error) {
	ok, err := r.locker.TryLock()
	if *r.first {
		*r.first = false
		err = errors.Join(err, os.RemoveAll(r.dir), os.Mkdir(r.dir, 0o777))
	}
	return ok, err
}

// TestExclusive: of many who wait for a lock, one at a time has it.
func TestExclusive(t *testing.T) {
	dir := t.TempDir()
	count := filepath.Join(dir, "count")
	if err := os.WriteFile(count, []byte("0"), 0o666); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for range 5 {
				l, ok, err := Try(t.Context(), dir)
				for !ok && err == nil {
					time.Sleep(time.Millisecond)
					l, ok, err = Try(t.Context(), dir)
				}
				if err != nil {
					t.Error(err)
					return
				}
				text, err := os.ReadFile(count)
				n, err2 := strconv.Atoi(string(text))
				if err := errors.Join(err, err2, os.WriteFile(count, []byte(strconv.Itoa(n+1)), 0o666), l.Unlock()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if text, err := os.ReadFile(count); err != nil || string(text) != "30" {
		t.Errorf("%s of 30 increments are left, %v", text, err)
	}
}

func BenchmarkLock(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		l, ok, err := Try(b.Context(), dir)
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		if err := l.Unlock(); err != nil {
			b.Fatal(err)
		}
	}
}
