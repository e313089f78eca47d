package main

import (
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/progress"
)

// TestPace: without a terminal, a training's line says how fast it is and how long the
// rest takes, from what this process has trained.
func TestPace(t *testing.T) {
	for _, test := range []struct {
		from, done int64
		took       time.Duration
		want       string
	}{
		{0, 300, 100 * time.Second, "100 s, 3.0 steps/s, 5m0s left"},
		{200, 300, 100 * time.Second, "100 s, 1.0 steps/s, 15m0s left"},
		{0, 1200, 100 * time.Second, "100 s"},
		{300, 300, 100 * time.Second, "100 s"},
	} {
		b := &bars{from: test.from, started: time.Now().Add(-test.took)}
		if got := b.pace(progress.Event{Done: test.done, Total: 1200}); got != test.want {
			t.Errorf("steps %d to %d in %v: %q, want %q", test.from, test.done, test.took, got, test.want)
		}
	}
	if text := (&bars{started: time.Now().Add(-100 * time.Hour)}).pace(progress.Event{Done: 1_000_000, Total: 1e9}); !strings.Contains(text, "h") {
		t.Errorf("a long rest: %q", text)
	}
}
