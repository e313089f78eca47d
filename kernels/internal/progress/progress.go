// Package progress shows the progress of long tasks: a bar or a spinner on a
// terminal, otherwise a log line every few seconds.
package progress

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/log"
	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Without a terminal a task is first logged after first. The intervals then
// double up to last.
const (
	first = 5 * time.Second
	last  = 30 * time.Second
)

// A Task is a running task. Several goroutines may call its methods.
type Task struct {
	title string
	unit  string
	start time.Time

	mu     sync.Mutex
	done   int64
	total  int64
	detail string
	bar    *progressbar.ProgressBar
	stop   chan struct{}
}

// Start starts a task of total units; 0 means that the total is unknown. The
// unit "bytes" is shown as kB, MB or GB.
func Start(title string, total int64, unit string) *Task {
	t := &Task{title: title, unit: unit, total: total, start: time.Now(), stop: make(chan struct{})}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		size := total
		if size <= 0 {
			size = -1
		}
		t.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(os.Stderr),
			progressbar.OptionSetDescription(title),
			progressbar.OptionShowBytes(unit == "bytes"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionSetSpinnerChangeInterval(0), // otherwise it renders by itself, even after its end
			progressbar.OptionSetWidth(24),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetElapsedTime(true))
	} else {
		log.Info(title + " ...")
	}
	go t.tick()
	return t
}

func (t *Task) tick() {
	period := first
	if t.bar != nil {
		period = 200 * time.Millisecond // updates the spinner and the time
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-ticker.C:
			t.mu.Lock()
			if t.bar != nil {
				_ = t.bar.RenderBlank()
			} else {
				log.Info("  "+t.title, "progress", t.state(), "seconds", int(time.Since(t.start).Seconds()))
				period = min(2*period, last)
				ticker.Reset(period)
			}
			t.mu.Unlock()
		}
	}
}

// state returns the progress as text. The caller holds the lock.
func (t *Task) state() string {
	var s string
	switch {
	case t.unit == "bytes" && t.total > 0:
		s = humanize.Bytes(uint64(t.done)) + " of " + humanize.Bytes(uint64(t.total))
	case t.unit == "bytes":
		s = humanize.Bytes(uint64(t.done))
	case t.total > 0:
		s = fmt.Sprintf("%d of %d %s", t.done, t.total, t.unit)
	case t.unit == "":
		s = "under way"
	default:
		s = fmt.Sprintf("%d %s", t.done, t.unit)
	}
	if t.detail != "" {
		s += ", " + t.detail
	}
	return s
}

// Set sets the number of units done, and a detail such as the current file.
func (t *Task) Set(done int64, detail string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.detail = done, detail
	if t.bar != nil {
		t.bar.Describe(describe(t.title, detail))
		// Never fill the bar: a full bar disappears, but the task may not have ended.
		if t.total > 0 {
			done = min(done, t.total-1)
		}
		_ = t.bar.Set64(done)
	}
}

// Add adds n to the number of units done.
func (t *Task) Add(n int64, detail string) {
	t.mu.Lock()
	done := t.done + n
	t.mu.Unlock()
	t.Set(done, detail)
}

// SetTotal changes the total.
func (t *Task) SetTotal(total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total = total
	if t.bar != nil && total > 0 {
		t.bar.ChangeMax64(total)
	}
}

func describe(title, detail string) string {
	if detail == "" {
		return title
	}
	const width = 40
	if len(detail) > width {
		detail = "..." + detail[len(detail)-width+3:]
	}
	return fmt.Sprintf("%s: %-*s", title, width, detail)
}

// End ends the task and clears its bar. Further calls do nothing.
func (t *Task) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.stop:
		return
	default:
		close(t.stop)
	}
	if t.bar != nil {
		_ = t.bar.Clear()
		_ = t.bar.Exit()
	}
}

// Seconds returns the elapsed time, such as "1.2 s".
func (t *Task) Seconds() string { return fmt.Sprintf("%.1f s", time.Since(t.start).Seconds()) }
