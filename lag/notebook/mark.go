package notebook

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// GoNB starts the cells that wait even if one of them was stopped, and says
// nothing about it to the next. So a stopped cell leaves a mark in the kernel's
// directory: a file with the cells that were stopped or refused. A cell that is
// not among them and starts soon after was probably waiting.

// window is how long after a stop a cell counts as one that waited. GoNB has to
// build it first, which takes seconds, on a busy machine more.
const window = 20 * time.Second

// kernelDir returns GoNB's directory of this kernel, or "".
func kernelDir() string { return os.Getenv("GONB_TMP_DIR") }

// thisCell identifies the program of this cell by its source, which GoNB leaves
// in the kernel's directory. It returns "" if it cannot be read.
func thisCell(dir string) string {
	source, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(source))
}

func markOf(dir string) string { return filepath.Join(dir, "lag-stopped") }

// leaveMark records that this cell was stopped. If that fails, the cells that
// wait are not refused, and nothing else is lost.
func leaveMark() {
	if dir := kernelDir(); dir != "" {
		_ = os.WriteFile(markOf(dir), []byte(thisCell(dir)+"\n"), 0o600)
	}
}

// waited reports whether this cell probably waited behind one that was stopped,
// and how long ago that was. It then adds this cell to the mark, so that it
// starts the next time. If it did not wait, a person has started it, and the mark
// is removed.
func waited() (ago time.Duration, ok bool) {
	dir := kernelDir()
	if dir == "" {
		return 0, false
	}
	mark := markOf(dir)
	info, err := os.Stat(mark)
	if err != nil {
		return 0, false
	}
	text, err := os.ReadFile(mark)
	cell := thisCell(dir)
	ago = time.Since(info.ModTime())
	if err != nil || cell == "" || ago > window || slices.Contains(strings.Fields(string(text)), cell) {
		_ = os.Remove(mark)
		return 0, false
	}
	return ago, os.WriteFile(mark, append(text, cell+"\n"...), 0o600) == nil
}
