package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// doLimit is far above the duration of any of these tests. It ends those that
// would wait forever.
const doLimit = time.Minute

// journal lists the runs that were trained to their ends and the jobs that
// returned, in order.
type journal []string

func (j *journal) observe(e progress.Event) {
	if e.Phase == progress.PhasePretrain && e.Point == nil && e.Done == e.Total {
		*j = append(*j, e.Run)
	}
}

// job returns a job that makes one request after another, each for runs to be
// trained to their ends.
func (j *journal) job(name string, requests ...[]*Run) Job {
	return func(ctx context.Context, bring Bring) error {
		for _, runs := range requests {
			outcomes, err := bring(runs, tinySteps)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for i, o := range outcomes {
				// Runs of different seeds have different losses.
				if again, err := runs[i].To(ctx, tinySteps); err != nil || !cmp.Equal(o, again) {
					return fmt.Errorf("%s: outcome %d is %+v, and that of %s is %+v (%w)", name, i, o, runs[i].label.Run, again, err)
				}
			}
			if len(outcomes) != len(runs) {
				return fmt.Errorf("%s: %d outcomes of %d runs", name, len(outcomes), len(runs))
			}
		}
		*j = append(*j, name)
		return nil
	}
}

// TestDoPassesOver checks that while other processes train some runs, Do trains
// the other runs: those of other jobs, and those of the same request.
func TestDoPassesOver(t *testing.T) {
	var j journal
	release := make(map[string]func())
	s := tinySession(t, func(e progress.Event) {
		j.observe(e)
		if unlock := release[e.Run]; unlock != nil && e.Done == e.Total {
			unlock()
			delete(release, e.Run)
		}
	})
	r := make([]*Run, 6)
	for i := range r {
		r[i] = tinyRun(t, s, int64(i))
	}
	// Run 1 becomes free at the end of run 5, and run 4 at that of run 2: waiting
	// for either in its turn would be forever.
	release["run 5"], release["run 2"] = occupied(t, r[1]), occupied(t, r[4])
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	err := s.Do(ctx, j.job("job a", []*Run{r[1]}, []*Run{r[2]}), j.job("job b", []*Run{r[3]}), j.job("job c", []*Run{r[4], r[5]}))
	if err != nil {
		t.Fatal(err)
	}
	want := journal{"run 3", "job b", "run 5", "run 1", "run 2", "job a", "run 4", "job c"}
	if diff := cmp.Diff(want, j); diff != "" {
		t.Errorf("the order is another: %s", diff)
	}
}

// TestDoWaits checks that Do waits for runs that other processes train, and goes
// on when they stop.
func TestDoWaits(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	a, b := tinyRun(t, s, 1), tinyRun(t, s, 2)
	releaseA, releaseB := occupied(t, a), occupied(t, b)
	time.AfterFunc(poll/4, releaseB)
	time.AfterFunc(poll+poll/4, releaseA)
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	if err := s.Do(ctx, j.job("job a", []*Run{a}), j.job("job b", []*Run{b})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(journal{"run 2", "job b", "run 1", "job a"}, j); diff != "" {
		t.Error(diff)
	}
}

// TestDoneElsewhere checks that Do takes the outcome of a run that another
// process has completed.
func TestDoneElsewhere(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	r := tinyRun(t, s, 1)
	want, err := r.To(t.Context(), tinySteps)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := os.ReadFile(filepath.Join(runDir(t, r), train.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Bring(t.Context(), []*Run{tinyRun(t, s, 1)}, tinySteps)
	if err != nil || len(got) != 1 || !cmp.Equal(want, got[0]) {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	if after, err := os.ReadFile(filepath.Join(runDir(t, r), train.MetricsFile)); err != nil || string(after) != string(metrics) {
		t.Errorf("it was trained again (%v)", err)
	}
}

// TestDoFails checks that the error of one job stops all jobs, and that Do
// returns it as it is.
func TestDoFails(t *testing.T) {
	mine := errors.New("no more")
	for name, wrong := range map[string]func(s *Session) Job{
		"before its first request": func(*Session) Job {
			return func(context.Context, Bring) error { return fmt.Errorf("job b: %w", mine) }
		},
		"after a request": func(s *Session) Job {
			return func(ctx context.Context, bring Bring) error {
				if _, err := bring([]*Run{tinyRun(t, s, 2)}, 2); err != nil {
					return err
				}
				return fmt.Errorf("job b: %w", mine)
			}
		},
		"after an empty request": func(*Session) Job {
			return func(ctx context.Context, bring Bring) error {
				outcomes, err := bring(nil, 2)
				if err != nil || len(outcomes) > 0 {
					return fmt.Errorf("%d outcomes, %w", len(outcomes), err)
				}
				return fmt.Errorf("job b: %w", mine)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tinySession(t, nil)
			waiting, later := tinyRun(t, s, 1), tinyRun(t, s, 3)
			defer occupied(t, waiting)()
			var stopped error
			a := func(ctx context.Context, bring Bring) error {
				_, stopped = bring([]*Run{waiting}, tinySteps)
				return stopped
			}
			ctx, cancel := context.WithTimeout(t.Context(), doLimit)
			defer cancel()
			err := s.Do(ctx, a, wrong(s), new(journal).job("job c", []*Run{later}))
			if !errors.Is(err, mine) || err.Error() != "job b: no more" {
				t.Errorf("got error %v, want %q", err, "job b: no more")
			}
			if stopped == nil {
				t.Error("the job that waited was not ended")
			}
			if train.IsRun(runDir(t, later)) {
				t.Error("the job after it was carried out")
			}
		})
	}
}

// TestDoRunFails checks that a job gets the error of a run that it requests. It
// may return it, which stops all jobs, or do without the run.
func TestDoRunFails(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		var j journal
		s := tinySession(t, j.observe)
		bad, other := tinyRun(t, s, 1), tinyRun(t, s, 2)
		if err := os.WriteFile(runDir(t, bad), nil, 0o644); err != nil { // a file in place of a directory
			t.Fatal(err)
		}
		err := s.Do(t.Context(), func(ctx context.Context, bring Bring) error {
			_, err := bring([]*Run{bad}, tinySteps)
			if _, ok := errors.AsType[*fs.PathError](err); !ok {
				t.Errorf("the job got error %v, want that of the file", err)
			}
			if ignores {
				return nil
			}
			return fmt.Errorf("job a: %w", err)
		}, j.job("job b", []*Run{other}))
		_, ok := errors.AsType[*fs.PathError](err)
		switch {
		case ignores && (err != nil || len(j) != 2):
			t.Errorf("a job does without a run: got error %v, and %q is done", err, j)
		case !ignores && (!ok || err.Error()[:7] != "job a: " || len(j) > 0):
			t.Errorf("got error %v, want that of the file, and %q is done", err, j)
		}
	}
}

// TestDoCancelled checks that Do stops when its context is cancelled, while it
// waits and while it trains, that its error is the cause, and that a later call
// continues.
func TestDoCancelled(t *testing.T) {
	cause := errors.New("the power is needed elsewhere")
	ctx, cancel := context.WithCancelCause(t.Context())
	var j journal
	s := tinySession(t, func(e progress.Event) {
		j.observe(e)
		if e.Phase == progress.PhasePretrain && e.Done == 2 {
			cancel(cause)
		}
	})
	r, free := tinyRun(t, s, 1), tinyRun(t, s, 2)
	release := occupied(t, r)
	waiting, stop := context.WithCancelCause(t.Context())
	time.AfterFunc(poll/8, func() { stop(cause) })
	begin := time.Now()
	if err := s.Do(waiting, j.job("job a", []*Run{r})); !errors.Is(err, cause) || err == cause {
		t.Errorf("while it waits: got error %v, want one that says so and is %v", err, cause)
	}
	if took := time.Since(begin); took > doLimit/2 {
		t.Errorf("it stopped only after %v", took)
	}
	release()
	if err := s.Do(ctx, j.job("job a", []*Run{r}), j.job("job b", []*Run{free})); !errors.Is(err, cause) {
		t.Errorf("while it trains: got error %v, want %v", err, cause)
	}
	if len(j) > 0 || train.IsRun(runDir(t, free)) {
		t.Errorf("cancelled, it has done %q", j)
	}
	if err := s.Do(t.Context(), j.job("job a", []*Run{r}), j.job("job b", []*Run{free})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(journal{"run 1", "job a", "run 2", "job b"}, j); diff != "" {
		t.Error(diff)
	}
}
