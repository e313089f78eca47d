package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// names returns the names of the files in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	if err := WriteJSON(path, map[string]int{"b": 1}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{\n  \"b\": 1\n}\n" {
		t.Errorf("%q %v", text, err)
	}
	if err := WriteBytes(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new" {
		t.Errorf("%q %v", text, err)
	}
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("files %v", n)
	}
}

// TestFailure checks that a failed write changes nothing.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	err := Write(path, func(w io.Writer) error {
		if _, err := w.Write([]byte("part of the new")); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "old" {
		t.Errorf("%q", text)
	}
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("files %v", n)
	}
	if err := WriteBytes(filepath.Join(dir, "none", "a"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestFinish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	if left, err := Leftovers(path); err != nil || len(left) != 1 {
		t.Errorf("on the way there are %v, %v", left, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a finished file already has its name: %v", err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if text, err := os.ReadFile(path); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
}

// TestFirstError checks that a file is never committed after an error, and that
// no lost write goes unnoticed.
func TestFirstError(t *testing.T) {
	dir := t.TempDir()
	begin := func() *File {
		t.Helper()
		f, err := Create(filepath.Join(dir, "a"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("text")); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := begin()
	f.file.Close() // so that the buffer cannot be written
	first := f.Finish()
	if first == nil {
		t.Fatal("nothing failed")
	}
	_, werr := f.Write(nil)
	for i, err := range []error{werr, f.Finish(), f.Commit(), f.Commit()} {
		if err != first {
			t.Errorf("%d: %v, want %v", i, err, first)
		}
	}
	f = begin()
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("more")); !errors.Is(err, errFinished) {
		t.Errorf("written after the end: %v", err)
	}
	if err := f.Commit(); !errors.Is(err, errFinished) {
		t.Errorf("committed without what was written after the end: %v", err)
	}
	f = begin()
	f.Abort()
	if err := f.Commit(); !errors.Is(err, errAborted) {
		t.Errorf("committed after Abort: %v", err)
	}
	if n := names(t, dir); len(n) != 0 {
		t.Errorf("files %v", n)
	}
}

// TestPermissions checks that a file has the usual permissions of a new file.
func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	if err := WriteBytes(filepath.Join(dir, "a"), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.Stat(filepath.Join(dir, "b")); err != nil || a.Mode() != b.Mode() {
		t.Errorf("%v, another file has %v, %v", a.Mode(), b.Mode(), err)
	}
}
