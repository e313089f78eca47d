package train_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

var model = bert.New(2, 8, 2, 19, 6)

// batchOf returns a batch that depends on the step alone.
func batchOf(step int) ([]train.Batch, error) {
	b := objective.MLMBatch{Size: 2, Length: 6, Predictions: 1, Weights: []float32{1, 1}}
	for i := range 12 {
		b.Tokens = append(b.Tokens, int32((i*i+3*step)%19))
	}
	b.Positions = []int32{int32(step % 6), 2}
	b.Labels = []int32{int32(step % 19), 4}
	return []train.Batch{bert.Inputs(b)}, nil
}

func newRun(t *testing.T, b *backend.Backend, study string, peak float64) *train.Run {
	t.Helper()
	program, err := train.NewProgram(b, model, train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	validation, _ := batchOf(1000)
	return &train.Run{
		Study: study, Config: map[string]any{"peak": peak}, Program: program,
		Initial:    func() (*train.State, error) { return program.NewState(3), nil },
		Batch:      batchOf,
		Gates:      func(int) []float32 { return []float32{1, 1} },
		Validation: validation,
		Schedule:   train.Schedule{Kind: train.Linear, Peak: peak, WarmUp: 2, Steps: 12},
		Evaluate:   []int{0, 1, 5, 12}, Checkpoint: 3,
	}
}

// TestResume interrupts a run at every step in turn and goes on: the outcome
// and the final state are those of an uninterrupted run, bit for bit.
func TestResume(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		whole := newRun(t, b, t.TempDir(), 1e-2)
		want, err := whole.Do(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Curve) != 4 || want.Steps != 12 || want.DivergedAt != nil {
			t.Fatalf("the run's outcome is %+v", want)
		}
		wantState := finalState(t, whole)

		broken := newRun(t, b, t.TempDir(), 1e-2)
		for at := 1; at < 12; at++ {
			ctx, cancel := context.WithCancel(context.Background())
			broken.Observe = func(step int, _ float64, _ bool) {
				if step >= at {
					cancel()
				}
			}
			if _, err := broken.Do(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted at step %d: got error %v, want %v", at, err, context.Canceled)
			}
		}
		broken.Observe = nil
		got, err := broken.Do(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(values(got), values(want)) {
			t.Errorf("resumed: curve %v, want %v", values(got), values(want))
		}
		if !reflect.DeepEqual(finalState(t, broken), wantState) {
			t.Error("resumed: the final state is not that of an uninterrupted run")
		}
	})
}

func values(o train.Outcome) map[int]float64 {
	m := make(map[int]float64)
	for _, l := range o.Curve {
		m[l.Step] = l.Value()
	}
	return m
}

func finalState(t *testing.T, r *train.Run) train.Snapshot {
	t.Helper()
	dir, err := r.Dir()
	if err != nil {
		t.Fatal(err)
	}
	snap, err := train.LoadCheckpoint(train.CheckpointDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestComplete: a complete run returns its outcome without training.
func TestComplete(t *testing.T) {
	run := newRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	if _, err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	run.Batch = func(int) ([]train.Batch, error) { return nil, errors.New("trained again") }
	if _, err := run.Do(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestLostMetrics: lines of metrics.jsonl that were written after the last
// checkpoint, the last one cut off, do not come back after a crash.
func TestLostMetrics(t *testing.T) {
	run := newRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	ctx, cancel := context.WithCancel(context.Background())
	run.Observe = func(step int, _ float64, _ bool) {
		if step == 4 {
			cancel()
		}
	}
	if _, err := run.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	run.Observe = nil
	dir, _ := run.Dir()
	path := filepath.Join(dir, "metrics.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"step":5,"kind":"validation","loss":0.25}` + "\n" + `{"step":6,"kind":"val`)
	f.Close()
	outcome, err := run.Do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if values(outcome)[5] == 0.25 {
		t.Error("a validation loss of the lost part of the run survived")
	}
}

// TestDivergence: a learning rate far too high ends the run, with the step,
// and the state before it is kept.
func TestDivergence(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		run := newRun(t, b, t.TempDir(), 1e15)
		outcome, err := run.Do(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if outcome.DivergedAt == nil || *outcome.DivergedAt == 0 {
			t.Fatalf("the outcome %+v records no divergence after the first step", outcome)
		}
		for name, tensor := range finalState(t, run).Params {
			for _, x := range tensor.Data {
				if math.IsNaN(float64(x)) {
					t.Fatalf("the state kept has a NaN in %s", name)
				}
			}
		}
	})
}

// TestDamagedCheckpoint cuts a checkpoint short at every eighth of its length and
// flips a byte there: both are refused, and the error names the file and what to do.
func TestDamagedCheckpoint(t *testing.T) {
	dir := t.TempDir()
	snap, err := train.NewState(model.Parameters(), train.NewAdamW(), 1).Snapshot(model.Parameters(), train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	if err := train.SaveCheckpoint(dir, snap); err != nil {
		t.Fatal(err)
	}
	got, err := train.LoadCheckpoint(dir)
	if err != nil || !reflect.DeepEqual(got, snap) {
		t.Fatalf("a checkpoint does not come back as it was saved: %v", err)
	}
	path := filepath.Join(dir, "state.safetensors")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		at := len(whole) * i / 8
		flipped := append([]byte(nil), whole...)
		flipped[at] ^= 0x10
		for name, damaged := range map[string][]byte{"cut": whole[:at], "flipped": flipped} {
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := train.LoadCheckpoint(dir)
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s at byte %d of %d: got error %v, want one that names %s", name, at, len(whole), err, path)
			}
		}
	}
}
