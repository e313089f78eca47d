package verified

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// file writes a file that changed last an hour ago, as far as its modification
// time says, and returns its checksum. Its ctime is now, so it is racy.
func file(t *testing.T, contents string) (path string, sum Sum) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
		t.Fatal(err)
	}
	return path, SHA256(fmt.Sprintf("%x", sha256.Sum256([]byte(contents))))
}

// memoryIn returns a memory that also remembers small files.
func memoryIn(dir string) *Memory {
	m := newMemory(dir)
	m.least = 0
	return m
}

// know makes the memory know the file, as if it had not changed for long.
func know(t *testing.T, m *Memory, path string, sum Sum) {
	t.Helper()
	s, err := takeStamp(path)
	if err != nil {
		t.Fatal(err)
	}
	if !s.complete {
		t.Skip("this system does not tell when a file's inode changed")
	}
	if err := m.remember(s, sum, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !m.Known(path, sum) {
		t.Fatal("the file is not known")
	}
}

func TestFile(t *testing.T) {
	path, sum := file(t, "contents")
	m := memoryIn(filepath.Join(t.TempDir(), "made as needed"))
	read := 0
	check := func() error { read++; return sum.CheckFile(t.Context(), path) }
	for want := 1; want <= 2; want++ {
		if err := m.File(path, sum, check); err != nil || read != want {
			t.Errorf("a file that was just written: read %d times, want %d, error %v", read, want, err)
		}
	}
	know(t, m, path, sum)
	if err := m.File(path, sum, check); err != nil || read != 2 {
		t.Errorf("a known file: read %d times, error %v", read, err)
	}
	if err := m.Again(path, sum, check); err != nil || read != 3 {
		t.Errorf("again: read %d times, error %v", read, err)
	}
	other := SHA256(fmt.Sprintf("%x", sha256.Sum256([]byte("other"))))
	if m.Known(path, other) || m.Known(path, GitBlob(sum.hex)) {
		t.Error("the file is known by another checksum")
	}
	if new(Memory).Known(path, sum) {
		t.Error("an empty memory knows the file")
	}
}

// TestStates changes a known file in ways that keep some of what it is known by.
func TestStates(t *testing.T) {
	change := func(path string) error {
		info, err := os.Stat(path)
		return errors.Join(err, os.WriteFile(path, []byte("Contents"), 0o666), os.Chtimes(path, info.ModTime(), info.ModTime()))
	}
	m := memoryIn(t.TempDir())
	type state struct {
		do    func(path string) error
		right bool
		path  string
		sum   Sum
	}
	states := map[string]*state{
		"touched":                         {do: func(p string) error { return os.Chtimes(p, time.Now(), time.Now().Add(-time.Minute)) }, right: true},
		"another mode":                    {do: func(p string) error { return os.Chmod(p, 0o600) }, right: true},
		"changed, with its time restored": {do: change},
		"truncated":                       {do: func(p string) error { return os.Truncate(p, 3) }},
		"replaced, with its time restored": {do: func(p string) error {
			return errors.Join(os.Rename(p, p+"2"), os.WriteFile(p, []byte("contents"), 0o666), change(p))
		}},
		"removed": {do: os.Remove},
	}
	for _, s := range states {
		s.path, s.sum = file(t, "contents")
		know(t, m, s.path, s.sum)
	}
	time.Sleep(20 * time.Millisecond) // the kernel counts time in ticks of up to 10 ms
	for name, c := range states {
		path, sum := c.path, c.sum
		if err := c.do(path); err != nil {
			t.Fatal(err)
		}
		if m.Known(path, sum) {
			t.Errorf("%s: the file is still known", name)
		}
		read := false
		err := m.File(path, sum, func() error { read = true; return sum.CheckFile(t.Context(), path) })
		if (err == nil) != c.right || read == (name == "removed") {
			t.Errorf("%s: read %t, error %v", name, read, err)
		}
	}
	// A copy is another file.
	path, sum := file(t, "contents")
	know(t, m, path, sum)
	if other, _ := file(t, "contents"); m.Known(other, sum) {
		t.Error("a copy is known")
	}
	if err := m.Again(path, sum, func() error { return os.Truncate(path, 2) }); err == nil {
		t.Error("a change while reading was not noticed")
	}
}

// TestDamagedMemory checks that a damaged memory is not believed and does not hurt.
func TestDamagedMemory(t *testing.T) {
	path, sum := file(t, "contents")
	dir := t.TempDir()
	m := memoryIn(dir)
	know(t, m, path, sum)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	entry := filepath.Join(dir, entries[0].Name())
	text, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(text); i += 5 {
		for _, damaged := range [][]byte{text[:i], bytes.Replace(text, text[i:i+1], []byte{text[i] ^ 1}, 1), append(text[:i:i], 'x')} {
			if err := os.WriteFile(entry, damaged, 0o666); err != nil {
				t.Fatal(err)
			}
			if m.Known(path, sum) {
				t.Fatalf("the file is known by %q", damaged)
			}
		}
	}
	know(t, m, path, sum) // writes the entry again
	// A memory that cannot be written forgets.
	blocked := memoryIn(filepath.Join(path, "below a file"))
	blocked.Remember("fact")
	if blocked.Knows("fact") {
		t.Error("a memory without a directory knows something")
	}
}

func TestTogether(t *testing.T) {
	path, sum := file(t, "contents")
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m := memoryIn(dir)
			for range 20 {
				if err := m.File(path, sum, func() error { return sum.CheckFile(t.Context(), path) }); err != nil {
					t.Error(err)
				}
				m.Remember("a fact")
				if !m.Knows("a fact") {
					t.Error("the fact is not known")
				}
			}
		})
	}
	wg.Wait()
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("%v were left", left)
	}
}

// TestSweep checks that the memory does not grow without bound.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	m := &Memory{dir: dir, max: 16}
	for i := range 16 {
		entry := filepath.Join(dir, fmt.Sprintf("%02d", i))
		if err := errors.Join(os.WriteFile(entry, nil, 0o666), os.Chtimes(entry, time.Time{}, time.Now().Add(time.Duration(i-20)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, "x.tmp")
	if err := errors.Join(os.WriteFile(old, nil, 0o666), os.Chtimes(old, time.Time{}, time.Now().Add(-48*time.Hour))); err != nil {
		t.Fatal(err)
	}
	m.Remember("newest")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 14 || !m.Knows("newest") || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() < "03" }) {
		t.Errorf("%d entries are left, from %s on; the newest is known: %t; %v", len(entries), entries[0].Name(), m.Knows("newest"), err)
	}
}

// TestMany checks that adding entries does not look at all others each time, and
// that their number stays bounded all the same.
func TestMany(t *testing.T) {
	dir := t.TempDir()
	m := &Memory{dir: dir, max: 16}
	m.Remember("first")
	old := filepath.Join(dir, "x.tmp")
	if err := errors.Join(os.WriteFile(old, nil, 0o666), os.Chtimes(old, time.Time{}, time.Now().Add(-48*time.Hour))); err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range 2 * sweepEvery {
		m.Remember(fmt.Sprint(i))
		if i%32 == 0 {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, len(entries))
		}
	}
	if most <= 32 || most > 16+1+sweepEvery {
		t.Errorf("there are up to %d entries, want them counted once in %d", most, sweepEvery)
	}
	if _, err := os.Stat(old); err != nil {
		t.Errorf("what a killed process left is looked for more than once: %v", err)
	}
}

// TestSmall checks that a small file is read each time, and a larger one is not.
func TestSmall(t *testing.T) {
	m := newMemory(t.TempDir())
	for size, want := range map[int]bool{Small - 1: false, Small: true} {
		path, sum := file(t, strings.Repeat("a", size))
		s, err := takeStamp(path)
		if err != nil || !s.complete {
			t.Skip("this system does not tell when a file's inode changed")
		}
		if err := m.remember(s, sum, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		read := false
		if err := m.File(path, sum, func() error { read = true; return nil }); err != nil || read == want || m.Known(path, sum) != want {
			t.Errorf("a file of %d bytes: read %t, known %t, %v", size, read, m.Known(path, sum), err)
		}
	}
}

// TestNil checks that nil is a memory.
func TestNil(t *testing.T) {
	path, sum := file(t, "contents")
	var m *Memory
	check := func() error { return sum.CheckFile(t.Context(), path) }
	if err := errors.Join(m.File(path, sum, check), m.Again(path, sum, check)); err != nil || m.Known(path, sum) {
		t.Errorf("known %t, %v", m.Known(path, sum), err)
	}
}

func TestSums(t *testing.T) {
	const text = "hello\n"
	path, _ := file(t, text)
	for sum, right := range map[Sum]bool{
		SHA256(fmt.Sprintf("%x", sha256.Sum256([]byte(text)))): true,
		GitBlob("ce013625030ba8dba906f756967f9e9ca394464a"):    true, // git hash-object
		GitBlob(fmt.Sprintf("%x", sha1.Sum([]byte(text)))):     false,
		SHA256("ce013625030ba8dba906f756967f9e9ca394464a"):     false,
		{}: false,
	} {
		if err := sum.CheckFile(t.Context(), path); (err == nil) != right || err != nil && sum.kind != "" && !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", sum, err)
		}
	}
	if err := SHA256("").Check(t.Context(), bytes.NewReader([]byte(text)), 100, nil); !errors.Is(err, ErrDiffers) {
		t.Errorf("a file that is too short: %v", err)
	}
}
