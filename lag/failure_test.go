package lag_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/selection"
)

var errMemory = errors.New("RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes.\nthe largest allocations were")

// weakDevice fails in what a test says, by the latest event.
type weakDevice struct {
	event lag.Event
	fails func(lag.Event) error
}

func newWeakDevice(t *testing.T, fails func(lag.Event) error) *weakDevice {
	d := &weakDevice{fails: fails}
	lag.WrapBackend(t, func(b *backend.Backend) *backend.Backend {
		return testbackend.Failing(b, func() error {
			if d.fails == nil {
				return nil
			}
			err := d.fails(d.event)
			if err != nil {
				d.event = lag.Event{} // the next run has not been heard of yet
			}
			return err
		})
	})
	return d
}

func (d *weakDevice) observe(e lag.Event) { d.event = e }

// failsAt fails in a candidate from a step on.
func failsAt(name string, step int64) func(lag.Event) error {
	return func(e lag.Event) error {
		if e.Phase == lag.PhaseProbe && e.Run == name && e.Done >= step {
			return errMemory
		}
		return nil
	}
}

// TestDeviceFails: a candidate in which the device fails is an outcome that ranks
// last; the others are what they are without it, and once the device works, the
// same study gives the same bytes as one where it always did.
func TestDeviceFails(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	if _, err := run(t, config, filepath.Join(root, "healthy"), backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	healthy, _, err := lag.Load(filepath.Join(root, "healthy"))
	if err != nil {
		t.Fatal(err)
	}
	const failedAt = 6
	d := newWeakDevice(t, failsAt("stack", failedAt))
	dir := filepath.Join(root, "weak")
	result, err := run(t, config, dir, backend.Go, d.observe)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range result.Strategies {
		want := healthy.Strategies[i]
		if o.Name != "stack" {
			if diff := cmp.Diff(want, o, cmpopts.IgnoreUnexported(lag.Outcome{}), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s: %s", o.Name, diff)
			}
			continue
		}
		if o.Status != lag.StatusFailed || o.FailedAt == nil || *o.FailedAt != failedAt || o.DivergedAt != nil {
			t.Errorf("the candidate is recorded as %+v, want it to have failed at step %d", o, failedAt)
		}
		if !strings.Contains(o.Failure, "Out of memory allocating 12 bytes") || strings.Contains(o.Failure, "largest") {
			t.Errorf("the failure is recorded as %q", o.Failure)
		}
		if n := len(o.Curve); n == 0 || !cmp.Equal(o.Curve, want.Curve[:n]) || o.Curve[n-1].Step > failedAt {
			t.Errorf("the curve is %v, want the part of %v up to step %d", o.Curve, want.Curve, failedAt)
		}
	}
	if warnings := strings.Join(result.Warnings, " "); !strings.Contains(warnings, "The device failed in 1 of") || !strings.Contains(warnings, "stack under seed 1 after 6 steps") {
		t.Errorf("the warnings are %q", result.Warnings)
	}
	for _, p := range result.Picks {
		if p.Rule == lag.RuleOracle && p.Strategy == "stack" {
			t.Error("the candidate that failed is the best")
		}
	}
	d.fails = nil
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, dir, "result.json") != resultBytes(t, filepath.Join(root, "healthy"), "result.json") {
		t.Error("with a device that works again the result is another than with one that always did")
	}
}

// TestDeviceFailsOnce: what fails is tried once more, also where the device panics.
func TestDeviceFailsOnce(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	if _, err := run(t, config, filepath.Join(root, "healthy"), backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	for name, fail := range map[string]func() error{
		"error": func() error { return errMemory },
		"panic": func() error { panic(errMemory) },
	} {
		t.Run(name, func(t *testing.T) {
			failed := false
			var d *weakDevice
			d = newWeakDevice(t, func(e lag.Event) error {
				if failed || failsAt("stack", 5)(e) == nil {
					return nil
				}
				failed, d.event = true, lag.Event{}
				return fail()
			})
			dir := filepath.Join(root, name)
			if _, err := run(t, config, dir, backend.Go, d.observe); err != nil {
				t.Fatal(err)
			}
			if !failed || resultBytes(t, dir, "result.json") != resultBytes(t, filepath.Join(root, "healthy"), "result.json") {
				t.Errorf("the device failed: %t; the result is another than without that", failed)
			}
		})
	}
}

// TestDeviceFailsAlways: that all candidates fail is an error that says why, as it
// is where the source's pretraining does.
func TestDeviceFailsAlways(t *testing.T) {
	for phase, want := range map[lag.Phase]string{lag.PhaseProbe: "every candidate failed", lag.PhasePretrain: "training step"} {
		d := newWeakDevice(t, func(e lag.Event) error {
			if e.Phase == phase && e.Done >= 3 {
				return errMemory
			}
			return nil
		})
		_, err := run(t, smoke(t), t.TempDir(), backend.Go, d.observe)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the device failed: ") || !strings.Contains(err.Error(), "Out of memory") {
			t.Errorf("%s: got error %v, want one with %q", phase, err, want)
		}
	}
}

// TestSelectWithFailure: a live selection passes over a candidate that fails, and
// is an error where the pick itself does.
func TestSelectWithFailure(t *testing.T) {
	config := smoke(t)
	healthy := open(t, config, t.TempDir())
	want, err := healthy.Select(context.Background(), selection.LAG{Lag: config.Growth.ProbeSteps}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []int64{1, int64(config.Growth.ProbeSteps + 1)} {
		d := newWeakDevice(t, failsAt(want.Strategy, step))
		s, err := lag.Open(context.Background(), config, lag.Options{Dir: t.TempDir(), Backend: backend.Go, Observe: d.observe})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		got, err := s.Select(context.Background(), selection.LAG{Lag: config.Growth.ProbeSteps}, 1)
		switch {
		case step == 1 && (err != nil || got.Strategy == want.Strategy || got.Strategy == ""):
			t.Errorf("a candidate fails at step %d: got %+v, %v, want another picked", step, got, err)
		case step > 1 && (err == nil || !strings.Contains(err.Error(), "strategy "+want.Strategy) || !strings.Contains(err.Error(), "Out of memory")):
			t.Errorf("the pick fails: got error %v", err)
		}
	}
}

// TestStackFails: an arm that fails leaves the others alone; that all do is an error.
func TestStackFails(t *testing.T) {
	c, root := stacking(t), t.TempDir()
	healthy, err := stackIn(filepath.Join(root, "healthy"), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := newWeakDevice(t, func(e lag.Event) error {
		if strings.HasPrefix(e.Run, "scratch") && e.Done >= 10 {
			return errMemory
		}
		return nil
	})
	dir := filepath.Join(root, "weak")
	result, err := stackIn(dir, c, d.observe)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range result.Arms {
		if o.Name == "scratch" {
			if o.Status != lag.StatusFailed || !strings.Contains(o.Failure, "Out of memory") || strings.Contains(o.Failure, "\n") {
				t.Errorf("the arm is recorded as %+v", o)
			}
		} else if diff := cmp.Diff(healthy.Arms[i], o, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("arm %s: %s", o.Name, diff)
		}
	}
	if !strings.Contains(strings.Join(result.Warnings, " "), "arm scratch failed under seed 1") || !strings.Contains(result.Verdict, "scratch failed") {
		t.Errorf("warnings %q, verdict %q", result.Warnings, result.Verdict)
	}
	d.fails = nil
	if _, err := stackIn(dir, c, nil); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, dir, "stacking_result.json") != resultBytes(t, filepath.Join(root, "healthy"), "stacking_result.json") {
		t.Error("with a device that works again the result is another than with one that always did")
	}
	d.fails = func(e lag.Event) error {
		if e.Done >= 2 {
			return errMemory
		}
		return nil
	}
	if _, err := stackIn(filepath.Join(root, "none"), c, d.observe); err == nil || !strings.Contains(err.Error(), "every arm failed") {
		t.Errorf("all arms fail: got error %v", err)
	}
}

// TestStackCandidatesFail: a growth passes over candidates that fail, and is one
// of an arm that fails where all do.
func TestStackCandidatesFail(t *testing.T) {
	c := stacking(t)
	c.Arms = slices.DeleteFunc(c.Arms, func(a lag.Arm) bool { return a.Name != "adaptive" && a.Name != "scratch" })
	for _, all := range []bool{false, true} {
		d := newWeakDevice(t, func(e lag.Event) error {
			if strings.HasPrefix(e.Run, "adaptive, 2 layers") && (all || strings.HasSuffix(e.Run, "stack")) {
				return errMemory
			}
			return nil
		})
		result, err := stackIn(filepath.Join(t.TempDir(), "s"), c, d.observe)
		if err != nil {
			t.Fatal(err)
		}
		o := result.Arms[0]
		switch {
		case all && (o.Status != lag.StatusFailed || o.Stages[1].Strategy != ""):
			t.Errorf("all candidates fail: %+v", o)
		case !all && (o.Status != lag.StatusComplete || o.Stages[1].Strategy == "stack" || o.Stages[1].Strategy == ""):
			t.Errorf("a candidate fails: %+v", o)
		}
	}
}
