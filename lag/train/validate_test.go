package train_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestValidateRun: an impossible run is refused before anything is written.
func TestValidateRun(t *testing.T) {
	for want, change := range map[string]func(*train.Run){
		"a program":      func(r *train.Run) { r.Program = nil },
		"initial state":  func(r *train.Run) { r.Initial = nil },
		"batches":        func(r *train.Run) { r.Batch = nil },
		"validation set": func(r *train.Run) { r.Validation = nil },
		"warm-up":        func(r *train.Run) { r.Schedule.WarmUp = 41 },
		"[]":             func(r *train.Run) { r.Evaluate = nil },
		"[-1 40]":        func(r *train.Run) { r.Evaluate = []int{-1, 40} },
		"[0 39]":         func(r *train.Run) { r.Evaluate = []int{0, 39} },
		"step 5 after":   func(r *train.Run) { r.Evaluate = []int{0, 5, 5, 40} },
		"negative":       func(r *train.Run) { r.Checkpoints.Keep = -1 },
	} {
		run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
		change(run)
		if _, err := run.Do(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
		if entries, err := os.ReadDir(run.Study); err != nil || len(entries) > 0 {
			t.Errorf("%s: there are %v, error %v", want, entries, err)
		}
	}
}

// TestStepsOfStates: a run does not begin after its first step, nor go on
// beyond its last.
func TestStepsOfStates(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	initial := run.Initial
	run.Initial = func(ctx context.Context) (*train.State, error) {
		state, err := initial(ctx)
		state.Step = 10
		return state, err
	}
	if _, err := run.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "set its step to 0") {
		t.Errorf("an initial state after 10 steps: %v", err)
	}
	run.Initial = initial
	interrupt(t, run, 25)
	run.Schedule.Steps, run.Evaluate = 20, []int{0, 20}
	if _, err := run.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "beyond the 20 steps") {
		t.Errorf("a checkpoint after 25 steps of 20: %v", err)
	}
}

// TestEvaluationInterrupted: an evaluation in several batches that is
// interrupted is done again, and nothing else changes.
func TestEvaluationInterrupted(t *testing.T) {
	newRun := func() *train.Run {
		run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
		more, err := batchOf(1001)
		if err != nil {
			t.Fatal(err)
		}
		run.Validation = append(run.Validation, more...)
		run.AtEnd = map[string][]train.Batch{"more": {more[0], more[0]}}
		return run
	}
	whole, broken := newRun(), newRun()
	want := do(t, whole)
	for _, at := range []int{5, 40} {
		interrupt(t, broken, at)
		for _, m := range readMetrics(t, broken) {
			if m.Step == at && m.Event == train.EventValidation {
				t.Errorf("step %d was evaluated though the run was interrupted", at)
			}
		}
	}
	if diff := cmp.Diff(want, do(t, broken)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(endOf(t, whole).State, endOf(t, broken).State); diff != "" {
		t.Error(diff)
	}
}

// TestLossErrors: what gives no loss is an error, not a loss that is not finite.
func TestLossErrors(t *testing.T) {
	program := newProgram(t, testbackend.Go(t), model, train.NewAdamW())
	state := program.NewState(1)
	batches, err := batchOf(0)
	if err != nil {
		t.Fatal(err)
	}
	open := []float32{1}
	if _, err := program.Loss(t.Context(), state, nil, open); err == nil {
		t.Error("no batch: no error")
	}
	batches[0]["weights"] = tensors.FromFlatDataAndDimensions([]float32{0, 0}, 2, 1)
	if _, err := program.Loss(t.Context(), state, batches, open); err == nil || !strings.Contains(err.Error(), "no token is predicted") {
		t.Errorf("weights of 0: got error %v", err)
	}
	for _, gates := range [][]float32{{}, {1, 1}} {
		if _, err := program.Loss(t.Context(), state, batches, gates); err == nil || !strings.Contains(err.Error(), "1 layer;") {
			t.Errorf("%d gates: got error %v", len(gates), err)
		}
		if _, err := program.Step(state, train.Step{Batches: batches, Gates: gates}); err == nil || !strings.Contains(err.Error(), "1 layer;") {
			t.Errorf("%d gates: a step gave the error %v", len(gates), err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := program.Loss(ctx, state, append(batches, batches...), open); !errors.Is(err, cause) {
		t.Errorf("cancelled: got error %v, want %v", err, cause)
	}
	if _, err := train.NewProgram(testbackend.Go(t), model, nil); err == nil {
		t.Error("no optimizer: no error")
	}
}
