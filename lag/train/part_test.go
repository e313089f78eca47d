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

// headed is a model whose head is its second layer.
type headed struct{ train.Model }

func (m headed) Head() (names []string) {
	for _, p := range m.Parameters() {
		if strings.HasPrefix(p.Name, m.Stacks()[0].Prefix+"1.") {
			names = append(names, p.Name)
		}
	}
	return names
}

// TestFrozen trains one layer of two, and the same layer as a head: nothing else
// changes, and neither do the moments and counts of anything else.
func TestFrozen(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		var config train.Model = bert.New(2, 8, 2, 19, 6)
		if b.Kind != backend.Go {
			config = tower{2}
		}
		batch, _ := batchOf(0)
		for _, optimizer := range optimizers {
			for _, step := range []train.Step{{Frozen: []bool{true, false}}, {HeadOnly: true}, {Frozen: []bool{false, true}, HeadOnly: true}} {
				step.Batches, step.Rate = batch, 1e-2
				testFrozen(t, newProgram(t, b, headed{config}, optimizer), config.Stacks()[0].Prefix+"1.", step)
			}
			program := newProgram(t, b, config, optimizer)
			state := program.NewState(3)
			if _, err := program.Step(state, train.Step{Batches: batch, Rate: 1e-2, Frozen: []bool{true}}); err == nil || !strings.Contains(err.Error(), "frozen") {
				t.Errorf("one layer of two said to be frozen: got error %v", err)
			}
		}
	})
}

// testFrozen does a step that must train the parameters with a prefix, and no other.
func testFrozen(t *testing.T, program *train.Program, prefix string, step train.Step) {
	t.Helper()
	state := program.NewState(3)
	before, after := mustSnapshot(t, program, state), train.Snapshot{}
	mustStep(t, program, state, step)
	after = mustSnapshot(t, program, state)
	for name := range before.Params {
		want := strings.HasPrefix(name, prefix)
		if same := reflect.DeepEqual(before.Params[name], after.Params[name]); same == want {
			t.Errorf("%s: %s: trained %t, want %t", after.Optimizer, name, !same, want)
		}
		if n := after.Updates[name]; (n == 1) != want {
			t.Errorf("%s: %s has %d updates, trained is %t", after.Optimizer, name, n, want)
		}
		for moment := range before.Moments {
			if !want && !reflect.DeepEqual(before.Moments[moment][name], after.Moments[moment][name]) {
				t.Errorf("%s: the %s moment of %s changed", after.Optimizer, moment, name)
			}
		}
	}
}

// TestHeadOnly: a model whose head is all shared, or that names none, cannot train
// it alone, and a head trained alone gets the update that it gets with the rest.
func TestHeadOnly(t *testing.T) {
	b := testbackend.Go(t)
	batch, _ := batchOf(0)
	config := bert.New(1, 8, 2, 19, 6)
	for _, model := range []train.Model{tower{2}, allShared{config}} {
		if err := train.CheckHead(model); err == nil || !strings.Contains(err.Error(), "no head of its own") {
			t.Errorf("%s: got error %v", model.Family(), err)
		}
		program := newProgram(t, b, model, train.NewAdamW())
		state := program.NewState(1)
		if _, err := program.Step(state, train.Step{Batches: batch, HeadOnly: true}); err == nil || state.Step != 0 {
			t.Errorf("%s: got error %v", model.Family(), err)
		}
	}

	optimizer := train.NewAdamW()
	optimizer.ClipNorm = 0 // of the gradient of all that is trained
	program := newProgram(t, b, config, optimizer)
	alone, together := program.NewState(1), program.NewState(1)
	mustStep(t, program, alone, train.Step{Batches: batch, Rate: 1e-2, HeadOnly: true})
	mustStep(t, program, together, train.Step{Batches: batch, Rate: 1e-2})
	head, all := mustSnapshot(t, program, alone), mustSnapshot(t, program, together)
	names := config.Head()
	if len(names) != 5 {
		t.Errorf("BERT's head is %v", names)
	}
	for _, name := range names {
		if !reflect.DeepEqual(head.Params[name], all.Params[name]) {
			t.Errorf("%s: %v trained alone, %v with the rest", name, head.Params[name], all.Params[name])
		}
	}
}

// allShared is a model whose head is all shared with the rest.
type allShared struct{ train.Model }

func (allShared) Head() []string { return nil }
