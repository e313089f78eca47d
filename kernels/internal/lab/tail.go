package lab

import (
	"strings"
	"sync"

	"github.com/charmbracelet/log"
)

// tail keeps the last lines that a program prints, and logs those that matter.
type tail struct {
	mu    sync.Mutex
	open  string // a line that has not ended
	lines []string
}

const keep = 30

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(t.open+string(p), "\n")
	t.open = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if matters(line) {
			log.Warn("JupyterLab: " + line)
		}
		if t.lines = append(t.lines, line); len(t.lines) > keep {
			t.lines = t.lines[1:]
		}
	}
	return len(p), nil
}

// matters picks Jupyter's errors, as in "[E 2026-11-24 21:00:00.000 ServerApp] ...".
func matters(line string) bool {
	return strings.HasPrefix(line, "[E ") || strings.HasPrefix(line, "[C ") && !strings.Contains(line, "token=") &&
		!strings.Contains(line, "received signal")
}

// String returns the last lines.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return "  " + strings.Join(append(t.lines, t.open), "\n  ")
}
