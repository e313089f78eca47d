package train_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

// model is a small one with dropout.
var model = func() bert.Config {
	c := bert.New(1, 8, 2, 19, 6)
	c.HiddenDropout, c.AttentionDropout = 0.1, 0.1
	return c
}()

// optimizers are those that runs are tested with.
var optimizers = []train.Optimizer{train.NewAdamW(), train.NewAdafactor()}

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

// programs are compiled once for all tests, which do not run side by side.
var programs = make(map[string]*train.Program)

// programOf returns the program of a model and an optimizer, the same each time.
func programOf(b *backend.Backend, model train.Model, optimizer train.Optimizer) (*train.Program, error) {
	key := fmt.Sprintf("%p %T%+v %T%+v", b, model, model, optimizer, optimizer)
	if programs[key] == nil {
		program, err := train.NewProgram(b, model, optimizer)
		if err != nil {
			return nil, err
		}
		programs[key] = program
	}
	return programs[key], nil
}

// newRun returns a run of 40 steps that saves its state after each 10. The model
// has one layer.
func newRun(b *backend.Backend, model train.Model, optimizer train.Optimizer, study string, peak float64) (*train.Run, error) {
	program, err := programOf(b, model, optimizer)
	if err != nil {
		return nil, err
	}
	validation, err := batchOf(1000)
	return &train.Run{
		Study: study, Config: map[string]any{"peak": peak, "optimizer": optimizer.Name()}, Program: program,
		Initial:    func(context.Context) (*train.State, error) { return program.NewState(3), nil },
		Batch:      batchOf,
		Seed:       5,
		Gates:      func(int) []float32 { return []float32{1} },
		Validation: validation,
		Schedule:   train.Schedule{Kind: train.Linear, Peak: peak, WarmUp: 2, Steps: 40},
		Evaluate:   []int{0, 1, 5, 20, 25, 40}, Checkpoints: train.Checkpoints{Every: 10},
		Tokens: 12, FLOPs: 1e6, PeakFLOPS: 1e9,
	}, err
}

// adamwRun returns a run of the BERT; of the tower with -short on XLA.
func adamwRun(t *testing.T, b *backend.Backend, study string, peak float64) *train.Run {
	t.Helper()
	var model train.Model = model
	if testing.Short() {
		model = quickModel(b)
	}
	return mustRun(t, b, model, train.NewAdamW(), study, peak)
}

// quickModel is the model of runs with more optimizers or in several processes.
func quickModel(b *backend.Backend) train.Model {
	if b.Kind == backend.Go {
		return model
	}
	return tower{1}
}

func mustRun(t *testing.T, b *backend.Backend, model train.Model, optimizer train.Optimizer, study string, peak float64) *train.Run {
	t.Helper()
	run, err := newRun(b, model, optimizer, study, peak)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func do(t *testing.T, run *train.Run) train.Outcome {
	t.Helper()
	outcome, err := run.Do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// interrupt does the run up to a step.
func interrupt(t *testing.T, run *train.Run, at int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	run.Observe = func(step int, _ float64, _ bool) {
		if step >= at {
			cancel()
		}
	}
	defer func() { run.Observe = nil }()
	if _, err := run.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted at step %d: got error %v, want %v", at, err, context.Canceled)
	}
}

// end is all that a run leaves which must not depend on interruptions.
type end struct {
	State   train.Snapshot
	Outcome train.Outcome
	Metrics []train.Metric
}

func dirOf(t *testing.T, r *train.Run) string {
	t.Helper()
	dir, err := r.Dir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// endOf reads what a run left.
func endOf(t *testing.T, r *train.Run) end {
	t.Helper()
	dir := dirOf(t, r)
	snap, err := train.LoadCheckpoint(train.CheckpointDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	e := end{State: snap}
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &e.Outcome); err != nil {
		t.Fatal(err)
	}
	for _, m := range readMetrics(t, r) {
		regular := m.Event == train.EventCheckpoint && m.Step%10 == 0
		if m.Event == train.EventTrain || m.Event == train.EventValidation || m.Event == train.EventDiverged || regular {
			m.Clock = train.Clock{}
			e.Metrics = append(e.Metrics, m)
		}
	}
	return e
}

func readMetrics(t *testing.T, r *train.Run) []train.Metric {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dirOf(t, r), "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var list []train.Metric
	for line := range strings.Lines(string(text)) {
		var m train.Metric
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

// sameEnd compares bit by bit: none of the numbers is a NaN.
func sameEnd(t *testing.T, what string, got, want end) {
	t.Helper()
	if !reflect.DeepEqual(got.State, want.State) {
		t.Errorf("%s: the final state is another", what)
	}
	if diff := cmp.Diff(want.Outcome, got.Outcome); diff != "" {
		t.Errorf("%s: the outcome: %s", what, diff)
	}
	if diff := cmp.Diff(want.Metrics, got.Metrics); diff != "" {
		t.Errorf("%s: metrics.jsonl: %s", what, diff)
	}
}

// TestResume interrupts a run at many steps in turn and goes on: what it leaves
// is what an uninterrupted run leaves, bit for bit.
func TestResume(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, optimizer := range optimizers {
			whole := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
			outcome := do(t, whole)
			if len(outcome.Curve) != 6 || outcome.Steps != 40 || outcome.DivergedAt != nil {
				t.Fatalf("%s: the run's outcome is %+v", optimizer.Name(), outcome)
			}
			want := endOf(t, whole)
			if len(want.Metrics) != 40+6+4 {
				t.Errorf("%s: %d lines of metrics, want those of 40 steps, 6 evaluations and 4 checkpoints", optimizer.Name(), len(want.Metrics))
			}
			broken := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
			for at := 1; at < 40; at += 3 {
				interrupt(t, broken, at)
			}
			do(t, broken)
			sameEnd(t, optimizer.Name(), endOf(t, broken), want)
		}
	})
}

// TestResumeMicroBatches is [TestResume] with micro-batches, and with the
// optimizer that keeps three kinds of moments.
func TestResumeMicroBatches(t *testing.T) {
	optimizer := train.NewAdafactor()
	optimizer.Beta1 = 0.9
	program := newProgram(t, testbackend.Go(t), model, optimizer)
	newRun := func() *train.Run {
		run := mustRun(t, testbackend.Go(t), model, train.NewAdafactor(), t.TempDir(), 1e-2)
		run.Program, run.Initial = program, func(context.Context) (*train.State, error) { return program.NewState(3), nil }
		run.Batch = func(step int) ([]train.Batch, error) {
			batches, err := batchOf(step)
			if err != nil {
				return nil, err
			}
			return batches[0].Split(2)
		}
		return run
	}
	whole, broken := newRun(), newRun()
	do(t, whole)
	for _, at := range []int{1, 8, 27} {
		interrupt(t, broken, at)
	}
	do(t, broken)
	sameEnd(t, "micro-batches", endOf(t, broken), endOf(t, whole))
}

// TestComplete: a complete run returns its outcome without training.
func TestComplete(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	want := do(t, run)
	run.Batch = func(int) ([]train.Batch, error) { return nil, errors.New("trained again") }
	if diff := cmp.Diff(want, do(t, run)); diff != "" {
		t.Error(diff)
	}
}

// TestLostMetrics: lines of metrics.jsonl that were written after the last
// checkpoint, the last one cut off, do not come back after a crash.
func TestLostMetrics(t *testing.T) {
	whole := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	do(t, whole)
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	interrupt(t, run, 20)
	f, err := os.OpenFile(filepath.Join(dirOf(t, run), "metrics.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"step":20,"event":"train","loss":0.25}` + "\n" + `{"step":25,"event":"validation","loss":0.25}` + "\n" +
		`{"step":20,"event":"diverged"}` + "\n" + `{"step":26,"event":"val`)
	f.Close()
	do(t, run)
	sameEnd(t, "with lines of a lost part", endOf(t, run), endOf(t, whole))
}

// TestDivergence: a learning rate far too high ends the run, with the step,
// and the state before it is kept.
func TestDivergence(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		run := adamwRun(t, b, t.TempDir(), 1e15)
		outcome := do(t, run)
		if outcome.DivergedAt == nil || *outcome.DivergedAt == 0 {
			t.Fatalf("the outcome %+v records no divergence after the first step", outcome)
		}
		left := endOf(t, run)
		if left.State.Step != *outcome.DivergedAt {
			t.Errorf("the state kept is that after %d steps, where step %d diverged", left.State.Step, *outcome.DivergedAt)
		}
		for name, tensor := range left.State.Params {
			for _, x := range tensor.Data {
				if math.IsNaN(float64(x)) {
					t.Fatalf("the state kept has a NaN in %s", name)
				}
			}
		}
		i := slices.IndexFunc(left.Metrics, func(m train.Metric) bool { return m.Event == train.EventDiverged })
		if i < 0 || left.Metrics[i].Step != *outcome.DivergedAt {
			t.Errorf("metrics.jsonl does not record the divergence: %+v", left.Metrics)
		}
	})
}

// TestEvaluation: with dropout, a run that is evaluated after every step ends
// with the bytes of one that is evaluated at its ends only.
func TestEvaluation(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		seldom, often := adamwRun(t, b, t.TempDir(), 1e-2), adamwRun(t, b, t.TempDir(), 1e-2)
		seldom.Evaluate = []int{0, 40}
		often.Evaluate = nil
		for step := range 41 {
			often.Evaluate = append(often.Evaluate, step)
		}
		do(t, seldom)
		do(t, often)
		if !reflect.DeepEqual(endOf(t, seldom).State, endOf(t, often).State) {
			t.Error("evaluation changed the training")
		}
		again := adamwRun(t, b, t.TempDir(), 1e-2)
		again.Seed++
		do(t, again)
		if reflect.DeepEqual(endOf(t, seldom).State, endOf(t, again).State) {
			t.Error("another seed drops out the same: the test would notice nothing")
		}
	})
}

// TestMetrics checks the lines of a run.
func TestMetrics(t *testing.T) {
	run := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	do(t, run)
	counts := make(map[train.Event]int)
	for _, m := range readMetrics(t, run) {
		counts[m.Event]++
		if m.Event != train.EventTrain {
			continue
		}
		if m.Loss <= 0 || m.GradientNorm <= 0 || m.ParameterRMS <= 0 || m.UpdateRMS <= 0 || m.Rate != run.Schedule.At(m.Step) {
			t.Errorf("step %d: %+v", m.Step, m)
		}
		if c := m.Clock; c.Seconds <= 0 || c.Tokens != 12/c.Seconds || c.FLOPs != 1e6/c.Seconds || c.MFU != c.FLOPs/1e9 {
			t.Errorf("step %d: %+v", m.Step, c)
		}
	}
	want := map[train.Event]int{train.EventTrain: 40, train.EventValidation: 6, train.EventCheckpoint: 4}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}

	quiet := adamwRun(t, testbackend.Go(t), t.TempDir(), 1e-2)
	quiet.Tokens, quiet.FLOPs, quiet.PeakFLOPS = 0, 0, 0
	do(t, quiet)
	text, err := os.ReadFile(filepath.Join(dirOf(t, quiet), "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tokens_per_s", "flop_per_s", "mfu"} {
		if strings.Contains(string(text), name) {
			t.Errorf("%s is recorded, which is unknown", name)
		}
	}
}
