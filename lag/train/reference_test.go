package train_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// givenGradients is a model whose gradients are its inputs, which have its
// parameters' names: its loss is the sum of parameter times gradient.
type givenGradients []transformer.Param

func (m givenGradients) Family() string                  { return "given" }
func (m givenGradients) Validate() error                 { return nil }
func (m givenGradients) Parameters() []transformer.Param { return m }
func (m givenGradients) Stacks() []growth.Stack          { return nil }

func (m givenGradients) Loss(w transformer.Weights, in transformer.Inputs, _ transformer.Mode) []transformer.Term {
	var loss *Node
	for _, p := range m {
		term := ReduceAllSum(Mul(w.Get(p.Name), in[p.Name]))
		if loss == nil {
			loss = term
		} else {
			loss = Add(loss, term)
		}
	}
	return []transformer.Term{{Name: "given", Sum: loss, Count: OnesLike(loss)}}
}

// referenceModel has the parameters of testdata/optimizers.py.
var referenceModel = givenGradients{
	{Name: "matrix", Shape: []int{4, 6}, Decay: true},
	{Name: "embedding", Shape: []int{6, 3}, Decay: true},
	{Name: "cube", Shape: []int{2, 3, 4}, Decay: true},
	{Name: "zero", Shape: []int{3, 4}, Decay: true},
	{Name: "bias", Shape: []int{5}},
}

// referenceParameter is parameter() of testdata/optimizers.py.
func referenceParameter(index int, p transformer.Param) []float32 {
	values := make([]float32, p.Size())
	if p.Name == "zero" {
		return values
	}
	for n := range values {
		i := float64(n)
		values[n] = float32(0.2 * math.Sin(1+0.7*float64(index)+1.3*i+0.01*float64(index)*i))
	}
	return values
}

// referenceGradient is gradient() of testdata/optimizers.py.
func referenceGradient(index int, p transformer.Param, t int) []float32 {
	values := make([]float32, p.Size())
	for n := range values {
		i := float64(n)
		if p.Name == "embedding" && (n/3 == 2 || n/3 == 4 && t%5 != 0) {
			continue
		}
		values[n] = float32(math.Pow(10, -float64(n%4)) * math.Sin(2+0.9*float64(index)+1.1*i+0.5*float64(t)+0.02*float64(t)*i))
	}
	return values
}

func referenceBatch(m givenGradients, t int) train.Batch {
	batch := make(train.Batch)
	for i, p := range m {
		batch[p.Name] = tensors.FromFlatDataAndDimensions(referenceGradient(i, p, t), p.Shape...)
	}
	return batch
}

func referenceState(t testing.TB, program *train.Program, m givenGradients) *train.State {
	t.Helper()
	params := make(growth.Tensors)
	for i, p := range m {
		params[p.Name] = growth.Tensor{Shape: p.Shape, Data: referenceParameter(i, p)}
	}
	state, err := program.Restore(train.Snapshot{State: growth.State{Params: params}})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func newProgram(t testing.TB, b *backend.Backend, model train.Model, optimizer train.Optimizer) *train.Program {
	t.Helper()
	program, err := programOf(b, model, optimizer)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func mustStep(t testing.TB, program *train.Program, state *train.State, step train.Step) train.Update {
	t.Helper()
	update, err := program.Step(state, step)
	if err != nil {
		t.Fatal(err)
	}
	return update
}

func mustSnapshot(t testing.TB, program *train.Program, state *train.State) train.Snapshot {
	t.Helper()
	snap, err := program.Snapshot(state)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestReference: 20 updates with given gradients are those of torch.optim.AdamW,
// of transformers' Adafactor, and of LAMB as written from the paper.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("testdata/optimizers.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Updates []int
		Cases   []struct {
			Name       string
			Optimizer  train.AnyOptimizer
			Peak       float64
			WarmUp     int
			Parameters [][][]float64 // after Updates, by parameter
		}
	}
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Cases) < 8 {
		t.Fatalf("the reference has %d cases", len(reference.Cases))
	}
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		compiled := make(map[string]bool)
		for _, c := range reference.Cases {
			if b.Kind != backend.Go && compiled[c.Optimizer.Name()] {
				continue // XLA compiles for a second or more, so it gets a case of each optimizer
			}
			compiled[c.Optimizer.Name()] = true
			t.Run(c.Name, func(t *testing.T) {
				program := newProgram(t, b, referenceModel, c.Optimizer.Optimizer)
				state := referenceState(t, program, referenceModel)
				schedule := train.Schedule{Kind: train.Constant, Peak: c.Peak, WarmUp: c.WarmUp, Steps: 20}
				kept := 0
				for step := range schedule.Steps {
					mustStep(t, program, state, train.Step{Batches: []train.Batch{referenceBatch(referenceModel, step)}, Rate: schedule.At(step)})
					if kept == len(reference.Updates) || state.Step != reference.Updates[kept] {
						continue
					}
					for i, want := range c.Parameters[kept] {
						compareValues(t, state.Step, referenceModel[i].Name, tensors.MustCopyFlatData[float32](state.Parameters[i]), want)
					}
					kept++
				}
				if kept != 3 {
					t.Errorf("%d states of 3 were compared", kept)
				}
			})
		}
	})
}

// compareValues allows for the rounding of float32 over 20 updates: 1e-6 of the
// value and of the tensor's largest.
func compareValues(t *testing.T, updates int, name string, got []float32, want []float64) {
	t.Helper()
	largest := 0.0
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	for i, x := range want {
		if d := math.Abs(float64(got[i]) - x); !(d <= 1e-6*(math.Abs(x)+largest)) {
			t.Fatalf("after %d updates %s[%d] is %v, want %v: off by %.2g", updates, name, i, got[i], x, d)
		}
	}
}
