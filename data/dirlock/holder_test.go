package dirlock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestHolderOf tells who holds a lock: this process, one that has ended, and one of
// another machine.
func TestHolderOf(t *testing.T) {
	needsOwners(t)
	dir := t.TempDir()
	holder := func() (Holder, bool) {
		t.Helper()
		h, ok, err := HolderOf(dir)
		if err != nil {
			t.Fatal(err)
		}
		return h, ok
	}
	if h, ok := holder(); ok {
		t.Errorf("without a lock, %+v holds it", h)
	}
	l := try(t, dir)
	if h, ok := holder(); !ok || h.PID != os.Getpid() || !h.Known {
		t.Errorf("this process holds the lock, but %+v, %v", h, ok)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if h, ok := holder(); ok {
		t.Errorf("after Unlock, %+v holds it", h)
	}

	here := self()
	if here.Place != "" {
		gone := here
		gone.Start, gone.Nonce = gone.Start+"0", "n" // the number is now another process's
		put(t, dir, gone)
		if h, ok := holder(); ok {
			t.Errorf("%+v has ended", h)
		}
	}
	put(t, dir, owner{Host: "node-7", Place: "elsewhere", PID: 7, Nonce: "n", Beat: 3})
	path := filepath.Join(dir, Name)
	then := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadDir(dir)
	h, ok := holder()
	if !ok || h.Known || h.Host != "node-7" || h.PID != 7 || h.Beat != 3 || !h.At.Equal(then) {
		t.Errorf("a process elsewhere: %+v, %v", h, ok)
	}
	after, err2 := os.ReadDir(dir)
	if err := errors.Join(err, err2); err != nil || len(after) != len(before) {
		t.Errorf("%d files became %d: %v", len(before), len(after), err)
	}
	for _, text := range []string{"", "{", "\x00\x00"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if h, ok := holder(); ok {
			t.Errorf("%q names %+v", text, h)
		}
	}
}
