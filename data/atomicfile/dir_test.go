package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteDir(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "deep", "dir")
	fill := func(dir string) error {
		if _, err := os.Stat(filepath.Join(path, "a")); err == nil {
			t.Error("a file is there before all are")
		}
		return WriteBytes(filepath.Join(dir, "a"), []byte("1"))
	}
	if err := WriteDir(path, fill); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(path, "a")); err != nil || string(text) != "1" {
		t.Errorf("%q, %v", text, err)
	}
	if err := WriteDir(path, fill); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over another: %v", err)
	}

	// An empty directory is filled, and stays as it is after an error.
	empty := filepath.Join(root, "deep", "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	err := WriteDir(empty, func(dir string) error {
		if err := WriteBytes(filepath.Join(dir, "a"), nil); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if n := names(t, empty); len(n) > 0 {
		t.Errorf("left in it: %v", n)
	}
	if err := WriteDir(empty+string(filepath.Separator), func(dir string) error { return WriteBytes(filepath.Join(dir, "a"), nil) }); err != nil {
		t.Error(err)
	}
	if n := names(t, filepath.Join(root, "deep")); len(n) != 2 {
		t.Errorf("left behind: %v", n)
	}
	if err := WriteDir(filepath.Join(path, "a"), fill); err == nil {
		t.Error("a file was replaced by a directory")
	}
}
