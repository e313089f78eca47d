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

	// An empty directory is replaced, but stays after an error.
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

// TestLinkedDir checks that an empty directory behind a symbolic link is
// replaced and the link stays.
func TestLinkedDir(t *testing.T) {
	root := t.TempDir()
	empty, link := filepath.Join(root, "empty"), filepath.Join(root, "link")
	if err := errors.Join(os.Mkdir(empty, 0o777), os.Symlink("empty", link)); err != nil {
		t.Fatal(err)
	}
	if err := WriteDir(link, func(dir string) error { return WriteBytes(filepath.Join(dir, "a"), nil) }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info, err)
	}
	if n := names(t, empty); len(n) != 1 {
		t.Errorf("files %v", n)
	}
	if n := names(t, root); len(n) != 2 {
		t.Errorf("left behind: %v", n)
	}

	nowhere := filepath.Join(root, "nowhere")
	if err := os.Symlink("missing", nowhere); err != nil {
		t.Fatal(err)
	}
	if err := CheckDir(nowhere); err == nil || !strings.Contains(err.Error(), nowhere+" cannot be created as a directory") {
		t.Errorf("a dangling link: %v", err)
	}
}

// TestWorkingDir checks that the working directory is an error, under all of its names.
func TestWorkingDir(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, path := range []string{".", "", dir} {
		err := WriteDir(path, func(string) error {
			t.Errorf("%q: the work was done", path)
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "is the working directory") {
			t.Errorf("%q: %v", path, err)
		}
	}
	if err := CheckDir("new"); err != nil {
		t.Error(err)
	}
}
