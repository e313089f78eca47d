package lab

import (
	"strings"
	"sync"

	"github.com/charmbracelet/log"
)

// tail is a writer that keeps the last lines and logs errors.
type tail struct {
	mu    sync.Mutex
	open  string // last line, if incomplete
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
		if isError(line) {
			log.Warn("JupyterLab: " + line)
		}
		if t.lines = append(t.lines, line); len(t.lines) > keep {
			t.lines = t.lines[1:]
		}
	}
	return len(p), nil
}

// isError reports whether a line is an error of Jupyter, such as
// "[E 2026-11-24 21:00:00.000 ServerApp] ...".
func isError(line string) bool {
	return strings.HasPrefix(line, "[E ") || strings.HasPrefix(line, "[C ") && !strings.Contains(line, "token=") &&
		!strings.Contains(line, "received signal")
}

// String returns the last lines, indented.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return "  " + strings.Join(append(t.lines, t.open), "\n  ")
}
