package dirlock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/job"
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
	if h, ok := holder(); !ok || h.PID != os.Getpid() || !h.Known || time.Since(h.Since).Abs() > stale || h.Job != job.Name() {
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

// TestHolderString says who holds a lock as people look for it.
func TestHolderString(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.Local)
	morning := time.Date(2026, 3, 4, 10, 12, 0, 0, time.Local)
	for _, test := range []struct {
		h    Holder
		want string
	}{
		{Holder{}, "another process"},
		{Holder{Host: "node7", PID: 4711, Known: true, Since: morning}, "process 4711 on node7 since 10:12"},
		{Holder{Host: "node7", PID: 4711, Job: "12_3", Known: true, Since: morning}, "job 12_3 on node7 since 10:12"},
		{Holder{Host: "lag-study-3", PID: 1, Job: "lag-study-3", Since: morning.AddDate(0, 0, -1), At: now}, "job lag-study-3 since 2026-03-03 10:12"},
		{Holder{Host: "node7", PID: 4711, At: now.Add(-stale)}, "process 4711 on node7"}, // of an earlier version
		{Holder{Host: "node7", PID: 4711, Job: "12_3", Since: morning, At: morning.Add(time.Hour)},
			"job 12_3 on node7 since 10:12, without a sign of life since 11:12; if it no longer runs, remove the file .lock there"},
	} {
		if got := test.h.at(now); got != test.want {
			t.Errorf("%+v: %q, want %q", test.h, got, test.want)
		}
	}
}

// TestTelling says once who holds the lock, and not before it has waited.
func TestTelling(t *testing.T) {
	needsOwners(t)
	dir := t.TempDir()
	l := try(t, dir)
	told := 0
	tell := func(h Holder) {
		if told++; h.PID != os.Getpid() {
			t.Errorf("it tells of %s", h)
		}
	}
	later := Telling(dir, time.Hour, tell)
	later()
	if told != 0 {
		t.Error("it told before it had waited")
	}
	now := Telling(dir, 0, tell)
	now()
	now()
	if told != 1 {
		t.Errorf("it told %d times", told)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	Telling(dir, 0, func(h Holder) {
		if h != (Holder{}) {
			t.Errorf("of a free lock it tells %s", h)
		}
	})()
}
