//go:build unix

package cluster

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInterrupted: an order ends when its command has ended, so that it is known
// what was done; a question ends at once.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	commands(t, map[string]string{
		"slow":  "touch " + dir + "/slow; for i in $(seq 300); do sleep 0.1; done; touch " + dir + "/slow-ended",
		"brief": "touch " + dir + "/brief; sleep 0.3; touch " + dir + "/brief-ended",
	})
	interrupted := func(name string, call func(context.Context) (string, error)) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for !exists(filepath.Join(dir, name)) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, err := call(ctx)
		return err
	}
	err := interrupted("slow", func(ctx context.Context) (string, error) { return question(ctx, "slow") })
	if !errors.Is(err, context.Canceled) || exists(filepath.Join(dir, "slow-ended")) {
		t.Errorf("a question: %v", err)
	}
	err = interrupted("brief", func(ctx context.Context) (string, error) { return order(ctx, "", "brief") })
	if err != nil || !exists(filepath.Join(dir, "brief-ended")) {
		t.Errorf("an order: %v", err)
	}
}

// TestEnvironment: a job that a notebook's cell has submitted is no cell.
func TestEnvironment(t *testing.T) {
	text := "\n" + strings.Join(environment([]string{"GONB_PIPE=/tmp/pipe", "LAG_BACKEND=go"}), "\n") + "\n"
	if strings.Contains(text, "\nGONB_") || !strings.Contains(text, "\nLAG_BACKEND=go\n") || !strings.Contains(text, "\nSLURM_BITSTR_LEN=0\n") {
		t.Errorf("the environment is %s", text)
	}
}
