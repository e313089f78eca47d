//go:build unix

package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestAskIsCancelled: nobody waits for a controller that does not answer, unless
// it was asked to change something.
func TestAskIsCancelled(t *testing.T) {
	for name, look := range map[string]func(context.Context) error{
		"sacct": func(ctx context.Context) error {
			_, err := NewSlurm().Status(ctx, submitted[:1])
			return err
		},
		"kubectl": func(ctx context.Context) error {
			_, err := NewKubernetes().Status(ctx, []Submission{onKubernetes(t, "lag-quick-a", "", 1)})
			return err
		},
	} {
		calls := commands(t, map[string]string{name: "sleep 60"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- look(ctx) }()
		for !exists(calls) && t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("%s: it waits for the command", name)
		}
	}
	calls := commands(t, map[string]string{"sbatch": "sleep 1; echo 12"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for !exists(calls) && t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	if out, err := command(ctx, "", "sbatch"); strings.TrimSpace(out) != "12" || err != nil {
		t.Errorf("sbatch: %q, %v", out, err)
	}
}

// TestEnvironment: a job that a notebook's cell has submitted is no cell.
func TestEnvironment(t *testing.T) {
	text := "\n" + strings.Join(environment([]string{"GONB_PIPE=/tmp/pipe", "LAG_BACKEND=go"}), "\n") + "\n"
	if strings.Contains(text, "\nGONB_") || !strings.Contains(text, "\nLAG_BACKEND=go\n") || !strings.Contains(text, "\nSLURM_BITSTR_LEN=0\n") {
		t.Errorf("the environment is %s", text)
	}
}
