package freespace

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestOf compares with df. Others write to the same file system meanwhile, so both
// need only be near.
func TestOf(t *testing.T) {
	dir := t.TempDir()
	got, err := Of(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil || got <= 0 {
		t.Fatalf("%d bytes, error %v", got, err)
	}
	below, err := Of(filepath.Join(dir, "not", "there"))
	if err != nil || !near(below, got) {
		t.Errorf("a directory that is not there yet has %d bytes, error %v; that above it has %d", below, err, got)
	}
	out, err := exec.Command("df", "-Pk", dir).Output()
	if err != nil {
		t.Skip("there is no df")
	}
	fields := strings.Fields(strings.Split(string(out), "\n")[1])
	kilobytes, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		t.Skipf("df prints something else here: %q", fields)
	}
	if !near(got, 1024*kilobytes) {
		t.Errorf("%d bytes, df says %d", got, 1024*kilobytes)
	}
}

func near(a, b int64) bool { return max(a, b)-min(a, b) <= max(a, b)/10+1<<20 }

// TestNoDirectory: a path through a file is an error.
func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if bytes, err := Of(filepath.Join(file, "below")); err == nil {
		t.Errorf("a path through a file has %d bytes", bytes)
	}
}
