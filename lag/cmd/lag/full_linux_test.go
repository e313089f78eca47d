package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/backend"
)

// TestFullDisk fills a small disk with a study. The study must stop with one
// line that says so. When there is room again, the same command must continue
// to the result of a study that always had room.
func TestFullDisk(t *testing.T) {
	root := t.TempDir()
	disk := filepath.Join(root, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	size := func(flags uintptr, size string) error {
		return syscall.Mount("tmpfs", disk, "tmpfs", flags, "size="+size)
	}
	if err := size(0, "64m"); err != nil {
		t.Skipf("cannot mount a small disk, which needs root: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	used := func() int64 {
		var s syscall.Statfs_t
		if err := syscall.Statfs(disk, &s); err != nil {
			t.Fatal(err)
		}
		return int64(s.Blocks-s.Bfree) * s.Bsize
	}
	arguments := append(studyArguments(t, filepath.Join(root, "roomy", "study"), backend.Go), "-data", filepath.Join(root, "data"))
	want := finish(t, arguments)
	arguments[6] = filepath.Join(disk, "study")
	for range 2 {
		// There is room when it begins, else it would be refused.
		before := used()
		p := startProcess(t, arguments)
		for deadline := time.Now().Add(togetherLimit); used() < before+100_000 && !p.hasEnded() && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		for size(syscall.MS_REMOUNT, strconv.FormatInt(used()+50_000, 10)) != nil && !p.hasEnded() { // it writes meanwhile
		}
		err := <-p.ended
		output := strings.TrimSpace(p.output(t))
		message := output[strings.LastIndex(output, "\n")+1:]
		if p.ProcessState.ExitCode() != exitFailure || !strings.HasPrefix(message, "lag: ") || !strings.Contains(message, "no space left on device") ||
			!strings.Contains(message, disk) || strings.Count(output, "lag: ") != 1 {
			t.Errorf("a full disk: %v, %s", err, output)
		}
		if err := size(syscall.MS_REMOUNT, "64m"); err != nil {
			t.Fatal(err)
		}
	}
	if got := finish(t, arguments); !bytes.Equal(got, want) {
		t.Error("result.json differs from that of a study that always had room")
	}
	trainedOnce(t, arguments[6], 2)
}
