package train_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

// TestTo brings a run to its end in parts, which changes nothing.
func TestTo(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		whole := adamwRun(t, b, t.TempDir(), 1e-2)
		do(t, whole)
		parts := adamwRun(t, b, t.TempDir(), 1e-2)
		parts.Checkpoints.KeepAt = []int{20}
		for _, part := range []struct{ to, steps, losses int }{{5, 5, 3}, {1, 5, 3}, {20, 20, 4}, {13, 20, 4}, {33, 33, 5}} {
			outcome, err := parts.To(t.Context(), part.to)
			if err != nil {
				t.Fatal(err)
			}
			if outcome.Steps != part.steps || len(outcome.Curve) != part.losses || outcome.DivergedAt != nil {
				t.Errorf("to %d: the outcome is %+v, where %d steps and %d losses were wanted", part.to, outcome, part.steps, part.losses)
			}
			if n := len(outcome.Curve[len(outcome.Curve)-1].Batches); n != 1 {
				t.Errorf("to %d: losses on %d validation batches of 1", part.to, n)
			}
		}
		do(t, parts)
		sameEnd(t, "a run in parts", endOf(t, parts), endOf(t, whole))

		snap, err := parts.At(20)
		if err != nil || snap.Step != 20 {
			t.Errorf("the state after 20 steps: step %d, %v", snap.Step, err)
		}
		if _, err := parts.At(10); err == nil || !strings.Contains(err.Error(), "has not kept") {
			t.Errorf("the state after 10 steps, which was not kept: got error %v", err)
		}
	})
}

// TestTryTo finds another process at the run.
func TestTryTo(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	if _, ok, err := run.TryTo(t.Context(), 1); err != nil || !ok {
		t.Fatalf("a free run: %t, %v", ok, err)
	}
	other := flock.New(filepath.Join(dirOf(t, run), ".lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Unlock()
	if _, ok, err := run.TryTo(t.Context(), 5); err != nil || ok {
		t.Errorf("a run that another is at: %t, %v", ok, err)
	}
}

// TestFrozen trains one layer of two: nothing else changes, and neither do the
// moments and counts of anything else.
func TestFrozen(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		var config train.Model = bert.New(2, 8, 2, 19, 6)
		if b.Kind != backend.Go {
			config = tower{2}
		}
		for _, optimizer := range optimizers {
			program := newProgram(t, b, config, optimizer)
			state := program.NewState(3)
			before, err := program.Snapshot(state)
			if err != nil {
				t.Fatal(err)
			}
			batch, _ := batchOf(0)
			if _, err := program.Step(state, train.Step{Batches: batch, Rate: 1e-2, Frozen: []bool{true, false}}); err != nil {
				t.Fatal(err)
			}
			after, err := program.Snapshot(state)
			if err != nil {
				t.Fatal(err)
			}
			for name := range before.Params {
				want := strings.HasPrefix(name, config.Stacks()[0].Prefix+"1.")
				if same := reflect.DeepEqual(before.Params[name], after.Params[name]); same == want {
					t.Errorf("%s: %s: trained %t, want %t", optimizer.Name(), name, !same, want)
				}
				if n := after.Updates[name]; (n == 1) != want {
					t.Errorf("%s: %s has %d updates, trained is %t", optimizer.Name(), name, n, want)
				}
				for moment := range before.Moments {
					if !want && !reflect.DeepEqual(before.Moments[moment][name], after.Moments[moment][name]) {
						t.Errorf("%s: the %s moment of %s changed", optimizer.Name(), moment, name)
					}
				}
			}
			if _, err := program.Step(state, train.Step{Batches: batch, Rate: 1e-2, Frozen: []bool{true}}); err == nil || !strings.Contains(err.Error(), "frozen") {
				t.Errorf("one layer of two said to be frozen: got error %v", err)
			}
		}
	})
}
