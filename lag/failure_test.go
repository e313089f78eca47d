package lag_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

var errMemory = errors.New("RESOURCE_EXHAUSTED: Out of memory allocating \x1b[1m12 bytes.\nthe largest allocations were")

// failingDevice is a device that fails when a test says so, depending on the
// latest event.
type failingDevice struct {
	fails func(progress.Event, testbackend.Operation) error
	event progress.Event
}

// options returns options of a study on the device.
func (d *failingDevice) options(dir string) lag.Options {
	o := lag.Options{Dir: dir, Backend: backend.Go, Observe: func(e progress.Event) { d.event = e }}
	return o.WithBackend(func(b *backend.Backend) *backend.Backend {
		return testbackend.Failing(b, func(op testbackend.Operation) error {
			if d.fails == nil {
				return nil
			}
			err := d.fails(d.event, op)
			if err != nil {
				d.event = progress.Event{} // there is no event of the next run yet
			}
			return err
		})
	})
}

func (d *failingDevice) run(t *testing.T, config lag.StudyConfig, dir string) (*result.Study, error) {
	t.Helper()
	s, err := lag.Open(config, d.options(dir))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Run(context.Background())
}

// failsIn returns a function that makes the device fail in one candidate from a
// step on.
func failsIn(name string, step int64) func(progress.Event, testbackend.Operation) error {
	return func(e progress.Event, op testbackend.Operation) error {
		if e.Phase == progress.PhaseProbe && e.Run == name && e.Done >= step && op == testbackend.Run {
			return errMemory
		}
		return nil
	}
}

// TestDeviceFails checks that a candidate in which the device fails is an
// outcome that ranks last. The other candidates are the same as without the
// failure. When the device works again, the same study gives the same bytes as
// without a failure.
func TestDeviceFails(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	healthyDir, healthy := doneStudy(t)
	const failedAt = 6
	d := &failingDevice{fails: failsIn("stack", failedAt)}
	study, err := d.run(t, config, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range study.Strategies {
		want := healthy.Strategies[i]
		if o.Name != "stack" {
			if diff := cmp.Diff(want, o, cmpopts.IgnoreUnexported(result.Outcome{}), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s: %s", o.Name, diff)
			}
			continue
		}
		if o.Status != result.StatusFailed || o.FailedAt == nil || *o.FailedAt != failedAt || o.DivergedAt != nil {
			t.Errorf("the candidate is recorded as %+v, want it to have failed at step %d", o, failedAt)
		}
		if n := len(o.Curve); n == 0 || !cmp.Equal(o.Curve, want.Curve[:n]) || o.Curve[n-1].Step > failedAt {
			t.Errorf("the curve is %v, want the part of %v up to step %d", o.Curve, want.Curve, failedAt)
		}
	}
	// The correlation is over the other strategies, with their ranks among
	// themselves.
	var initial, final []float64
	for _, o := range healthy.Strategies {
		if o.Name != "stack" {
			initial, final = append(initial, o.Initial()), append(final, float64(o.Final))
		}
	}
	if got, want := float64(study.Correlation[0].Spearman), stats.Spearman(initial, final); math.Abs(got-want) > 1e-12 {
		t.Errorf("rho at step 0 is %v, want %v, as without the failed strategy", got, want)
	}
	if !strings.HasPrefix(study.Verdict, "The device failed in 1 of 5 strategies; what follows is of the others. Over 4 strategies") {
		t.Errorf("the verdict is %q", study.Verdict)
	}
	want := []result.Failure{{Run: "stack", Seed: 1, Steps: failedAt, Error: `RESOURCE_EXHAUSTED: Out of memory allocating \x1b[1m12 bytes.`}}
	if diff := cmp.Diff(want, study.Failures[:1]); diff != "" {
		t.Errorf("the failures: %s", diff)
	}
	if warnings := strings.Join(study.Warnings, " "); !strings.Contains(warnings, want[0].String()) {
		t.Errorf("the warnings are %q", study.Warnings)
	}
	for _, p := range study.Picks {
		if p.Rule == result.RuleOracle && p.Strategy == "stack" {
			t.Error("the candidate that failed is the best")
		}
	}
	d.fails = nil
	if _, err := d.run(t, config, dir); err != nil {
		t.Fatal(err)
	}
	if resultBytes(t, dir, "result.json") != resultBytes(t, healthyDir, "result.json") {
		t.Error("after the device works again, the result differs from that without a failure")
	}
}

// TestDeviceFailsOnce checks that a run is tried once more after any kind of
// failure.
func TestDeviceFailsOnce(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack", "random-top"}
	if _, err := run(t, config, filepath.Join(root, "healthy"), backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	memory := func() error { return errMemory }
	at := func(step int64) func(progress.Event) bool {
		return func(e progress.Event) bool {
			return e.Phase == progress.PhaseProbe && e.Run == "stack" && e.Done >= step
		}
	}
	for name, c := range map[string]struct {
		op   testbackend.Operation
		when func(progress.Event) bool
		fail func() error
	}{
		"run":               {testbackend.Run, at(5), memory},
		"panic":             {testbackend.Run, at(5), func() error { panic(errMemory) }},
		"upload":            {testbackend.Upload, at(5), memory},
		"download":          {testbackend.Download, at(5), memory},
		"the last snapshot": {testbackend.Download, func(e progress.Event) bool { return at(10)(e) && e.Point != nil }, memory},
		"compile":           {testbackend.Compile, func(e progress.Event) bool { return e.Phase == progress.PhasePretrain && e.Done == e.Total }, memory},
	} {
		t.Run(name, func(t *testing.T) {
			d := &failingDevice{}
			failed := false
			d.fails = func(e progress.Event, op testbackend.Operation) error {
				if failed || op != c.op || !c.when(e) {
					return nil
				}
				failed, d.event = true, progress.Event{}
				return c.fail()
			}
			dir := filepath.Join(root, name)
			if _, err := d.run(t, config, dir); err != nil {
				t.Fatal(err)
			}
			if !failed || resultBytes(t, dir, "result.json") != resultBytes(t, filepath.Join(root, "healthy"), "result.json") {
				t.Errorf("the device failed: %t; the result differs from that without a failure", failed)
			}
		})
	}
}

// TestDeviceFailsAtTheEnd checks that a candidate whose last state cannot be
// saved is not complete, even though its last loss was measured.
func TestDeviceFailsAtTheEnd(t *testing.T) {
	config := smoke(t)
	config.Growth.Strategies = []string{"stack", "random-top"}
	T := config.Growth.Schedule.Steps
	measured := false
	d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
		if e.Phase != progress.PhaseProbe || e.Run != "stack" || e.Done < int64(T) || op != testbackend.Download {
			return nil
		}
		if e.Point == nil {
			return nil // the loss is also a download; let it through
		}
		measured = true
		return errMemory
	}}
	study, err := d.run(t, config, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := study.Strategies[slices.IndexFunc(study.Strategies, func(o result.Outcome) bool { return o.Name == "stack" })]
	if !measured || o.Status != result.StatusFailed || *o.FailedAt != T || o.Curve[len(o.Curve)-1].Step == T {
		t.Errorf("measured %t; the candidate is %+v, failed at %v", measured, o, *o.FailedAt)
	}
}

// TestDeviceFailsAlways checks that it is an error, with its cause, if all
// candidates fail or if pretraining fails.
func TestDeviceFailsAlways(t *testing.T) {
	for phase, want := range map[progress.Phase]string{progress.PhaseProbe: "every candidate failed", progress.PhasePretrain: "training step"} {
		d := &failingDevice{fails: func(e progress.Event, _ testbackend.Operation) error {
			if e.Phase == phase && e.Done >= 3 {
				return errMemory
			}
			return nil
		}}
		_, err := d.run(t, smoke(t), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the device failed: ") || !strings.Contains(err.Error(), "Out of memory") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one with %q", phase, err, want)
		}
	}
}

// TestOtherErrorsStop checks that an error that is not a failure of the device
// ends the study at once.
func TestOtherErrorsStop(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		dir := t.TempDir()
		d := &failingDevice{}
		d.fails = func(e progress.Event, _ testbackend.Operation) error {
			if e.Phase != progress.PhaseProbe || e.Run != "stack-zero" || e.Done < 2 {
				return nil
			}
			// A checkpoint can no longer be written: its directory is a file.
			runs, _ := filepath.Glob(filepath.Join(dir, "*", "metrics.jsonl"))
			for _, metrics := range runs {
				states := filepath.Join(filepath.Dir(metrics), "checkpoint")
				if _, err := os.Stat(states); errors.Is(err, os.ErrNotExist) {
					if err := os.WriteFile(states, nil, 0o644); err != nil {
						t.Error(err)
					}
				}
			}
			return nil
		}
		_, err := d.run(t, smoke(t), dir)
		if _, ok := errors.AsType[*fs.PathError](err); !ok || strings.Contains(err.Error(), "every candidate failed") {
			t.Errorf("a checkpoint that cannot be written: got error %v, want a file error", err)
		}
		if d.event.Run != "stack-zero" {
			t.Errorf("the study went on to %+v", d.event)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		c := stacking(t)
		last := c.Arms[len(c.Arms)-1].Name
		tries := 0
		d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
			if !strings.HasPrefix(e.Run, last) || op != testbackend.Run {
				return nil
			}
			if tries++; tries == 2 { // nothing may be trained after this
				cancel()
			}
			return errMemory
		}}
		if _, err := lag.Stack(ctx, c, d.options(t.TempDir())); !errors.Is(err, context.Canceled) || tries != 2 {
			t.Errorf("%d tries, got error %v, want the cancellation of the stacking", tries, err)
		}
	})
}

// TestBranchFails checks that the failure of a decay branch is reported,
// because it can affect what a rule picks.
func TestBranchFails(t *testing.T) {
	d := &failingDevice{fails: func(e progress.Event, op testbackend.Operation) error {
		if e.Phase == progress.PhaseBranch && e.Run == "stack" {
			return errMemory
		}
		return nil
	}}
	config := smoke(t)
	config.Growth.Strategies = []string{"stack", "random-top"}
	// The first event of a branch is that of its first step.
	config.Growth.Rules = []string{"decay:4,3", "lag:5", "oracle"}
	study, err := d.run(t, config, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(study.Failures) != 1 || study.Failures[0].Run != "decay branch of stack" || !strings.Contains(strings.Join(study.Warnings, " "), "decay branch of stack under seed 1") {
		t.Errorf("failures %v, warnings %q", study.Failures, study.Warnings)
	}
	for _, o := range study.Strategies {
		if o.Status != result.StatusComplete {
			t.Errorf("%s is %s, but only a branch of stack failed", o.Name, o.Status)
		}
	}
}

// TestFailureDoneElsewhere checks that a run that failed twice in one process
// is used when another process has completed it since.
func TestFailureDoneElsewhere(t *testing.T) {
	config, dir := smoke(t), t.TempDir()
	config.Growth.Strategies = []string{"stack", "random-top"}
	d := &failingDevice{fails: failsIn("stack", 3)}
	s, err := lag.Open(config, d.options(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	study, err := s.Run(context.Background())
	if err != nil || len(study.Failures) == 0 {
		t.Fatalf("failures %v, error %v", study.Failures, err)
	}
	if _, err := run(t, config, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	healthy := resultBytes(t, dir, "result.json")
	study, err = s.Run(context.Background())
	if err != nil || len(study.Failures) != 0 || resultBytes(t, dir, "result.json") != healthy {
		t.Errorf("failures %v, error %v", study.Failures, err)
	}
}
