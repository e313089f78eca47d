package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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
	if err := size(0, "300k"); err != nil {
		t.Skipf("cannot mount a small disk, which needs root: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	arguments := append(studyArguments(t, filepath.Join(root, "roomy", "study"), backend.Go), "-data", filepath.Join(root, "data"))
	want := finish(t, arguments)
	arguments[6] = filepath.Join(disk, "study")
	for _, room := range []string{"600k", "64m"} {
		p := startProcess(t, arguments)
		err := <-p.ended
		output := strings.TrimSpace(p.output(t))
		message := output[strings.LastIndex(output, "\n")+1:]
		if p.ProcessState.ExitCode() != exitFailure || !strings.HasPrefix(message, "lag: ") || !strings.Contains(message, "no space left on device") ||
			!strings.Contains(message, disk) || strings.Count(output, "lag: ") != 1 {
			t.Errorf("a full disk: %v, %s", err, output)
		}
		if err := size(syscall.MS_REMOUNT, room); err != nil {
			t.Fatal(err)
		}
	}
	if got := finish(t, arguments); !bytes.Equal(got, want) {
		t.Error("result.json differs from that of a study that always had room")
	}
	trainedOnce(t, arguments[6], 2)
}
