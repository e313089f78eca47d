package lag_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

func (d *failingDevice) stack(dir string, c lag.Stacking) (*result.Stacking, error) {
	o := d.options(dir)
	o.DataDir = filepath.Join(filepath.Dir(dir), "data")
	return lag.Stack(context.Background(), c, o)
}

// TestStackFails checks that an arm that fails does not affect the others, and
// that it is an error if all arms fail.
func TestStackFails(t *testing.T) {
	c, root := stacking(t), t.TempDir()
	healthy, err := stackIn(filepath.Join(root, "healthy"), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
		if strings.HasPrefix(e.Run, "scratch") && e.Done >= 10 && op == testbackend.Run {
			tries++
			return errMemory
		}
		return nil
	}}
	dir := filepath.Join(root, "weak")
	study, err := d.stack(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	if tries != 2 {
		t.Errorf("the arm was tried %d times, want 2", tries)
	}
	for i, o := range study.Arms {
		if o.Name == "scratch" {
			if o.Status != result.StatusFailed {
				t.Errorf("the arm is recorded as %+v", o)
			}
		} else if diff := cmp.Diff(healthy.Arms[i], o, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("arm %s: %s", o.Name, diff)
		}
	}
	if !strings.Contains(strings.Join(study.Warnings, " "), "scratch, 3 layers under seed 1 after 10 steps (RESOURCE_EXHAUSTED") || !strings.Contains(study.Verdict, "scratch failed") {
		t.Errorf("warnings %q, verdict %q", study.Warnings, study.Verdict)
	}
	d.fails = nil
	if _, err := d.stack(dir, c); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, dir, "stacking_result.json") != resultBytes(t, filepath.Join(root, "healthy"), "stacking_result.json") {
		t.Error("after the device works again, the result differs from that without a failure")
	}
	d.fails = func(e progress.Event, _ testbackend.Operation) error {
		if e.Done >= 2 {
			return errMemory
		}
		return nil
	}
	if _, err := d.stack(filepath.Join(root, "none"), c); err == nil || !strings.Contains(err.Error(), "every arm failed: the device failed") {
		t.Errorf("all arms fail: got error %v", err)
	}
}

// TestStackTwice checks that a failing stage is tried twice, even though its
// candidate was trained to the lag without a failure.
func TestStackTwice(t *testing.T) {
	c := stacking(t)
	c.Arms = slices.DeleteFunc(c.Arms, func(a lag.Arm) bool { return a.Name != "adaptive" && a.Name != "scratch" })
	tries := 0
	d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
		if op == testbackend.Run && strings.HasPrefix(e.Run, "adaptive, 2 layers") && e.Done > 5 {
			tries++
			return errMemory
		}
		return nil
	}}
	study, err := d.stack(filepath.Join(t.TempDir(), "s"), c)
	if err != nil {
		t.Fatal(err)
	}
	if o := study.Arms[0]; tries != 2 || o.Status != result.StatusFailed || len(study.Failures) != 1 {
		t.Errorf("%d tries, failures %v; the arm is %+v", tries, study.Failures, o)
	}
}

// TestStackCandidatesFail checks that a growth skips a candidate that fails and
// reports it. If all candidates fail, the arm fails.
func TestStackCandidatesFail(t *testing.T) {
	c := stacking(t)
	c.Arms = slices.DeleteFunc(c.Arms, func(a lag.Arm) bool { return a.Name != "adaptive" && a.Name != "scratch" })
	for _, all := range []bool{false, true} {
		d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
			if op == testbackend.Run && strings.HasPrefix(e.Run, "adaptive, 2 layers") && (all || strings.HasSuffix(e.Run, "stack")) {
				return errMemory
			}
			return nil
		}}
		study, err := d.stack(filepath.Join(t.TempDir(), "s"), c)
		if err != nil {
			t.Fatal(err)
		}
		o := study.Arms[0]
		switch {
		case all && (o.Status != result.StatusFailed || o.Stages[1].Strategy != ""):
			t.Errorf("all candidates failed: %+v", o)
		case !all && (o.Status != result.StatusComplete || o.Stages[1].Strategy == "stack" || o.Stages[1].Strategy == ""):
			t.Errorf("one candidate failed: %+v", o)
		}
		if n := len(study.Failures); n == 0 || !all && (n != 1 || study.Failures[0].Run != "adaptive, 2 layers, stack") || !strings.Contains(strings.Join(study.Warnings, " "), "adaptive, 2 layers, stack") {
			t.Errorf("failures %v, warnings %q", study.Failures, study.Warnings)
		}
	}
}
