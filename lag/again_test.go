package lag_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
)

// TestRunAgain checks that a study in which the device failed can be run again
// without being opened again.
func TestRunAgain(t *testing.T) {
	dir := t.TempDir()
	healthy, _ := doneStudy(t)
	d := &failingDevice{fails: failsIn("stack", 6)}
	s, err := lag.Open(smoke(t), d.options(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, failures := range []bool{true, false} {
		r, err := s.Run(t.Context())
		if err != nil || len(r.Failures) > 0 != failures {
			t.Fatalf("got failures %v and error %v, want failures: %t", r.Failures, err, failures)
		}
		d.fails = nil
	}
	if diff := cmp.Diff(resultBytes(t, healthy, "result.json"), resultBytes(t, dir, "result.json")); diff != "" {
		t.Errorf("the result differs from that without a failure: %s", diff)
	}
}

// TestInterruptedBranch cancels a study in its decay branches. It must end with
// the context's error, and then complete.
func TestInterruptedBranch(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack", "random-top"}
	config.Growth.Rules = append(config.Growth.Rules, "decay:2,4")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := run(t, config, dir, backend.Go, nil)
	if err != nil {
		t.Fatal(err)
	}
	interrupted := t.TempDir()
	s, err := lag.Open(config, lag.Options{Dir: interrupted, Backend: backend.Go, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseBranch {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want that of the context", err)
	}
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resultBytes(t, dir, "result.json"), resultBytes(t, interrupted, "result.json")); diff != "" {
		t.Errorf("the result differs: %s", diff)
	}
}
