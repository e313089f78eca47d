package notebook

import (
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/log"
)

// logPlainly makes the default logger print plain lines to a writer: no time, no
// level for what is only information, and no information twice. A cell that trains
// many models would otherwise say at each which backend it uses.
func logPlainly(w io.Writer) {
	logger := log.NewWithOptions(&distinct{w: w, seen: make(map[string]bool)}, log.Options{})
	styles := log.DefaultStyles()
	for level, word := range map[log.Level]string{log.InfoLevel: "", log.WarnLevel: warning, log.ErrorLevel: failure} {
		styles.Levels[level] = lipgloss.NewStyle().SetString(word)
	}
	logger.SetStyles(styles)
	log.SetDefault(logger)
}

// How lines begin that may come twice.
const (
	warning = "Warning:"
	failure = "Error:"
)

// distinct is a writer that drops information that was written before. The logger
// writes each entry at once.
type distinct struct {
	w    io.Writer
	mu   sync.Mutex
	seen map[string]bool
}

func (d *distinct) Write(entry []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := strings.TrimPrefix(string(entry), " ") // after a level without a word
	if d.seen[text] && !strings.HasPrefix(text, warning) && !strings.HasPrefix(text, failure) {
		return len(entry), nil
	}
	d.seen[text] = true
	if _, err := io.WriteString(d.w, text); err != nil {
		return 0, err
	}
	return len(entry), nil
}
