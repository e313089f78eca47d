package train_test

import (
	"errors"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// bigram predicts a token from the one before it, with dropout between. Its
// second term, a mean over rows, has another count than the first.
type bigram struct{ dropout float64 }

func (m bigram) Family() string         { return "bigram" }
func (m bigram) Validate() error        { return nil }
func (m bigram) Stacks() []growth.Stack { return nil }

func (m bigram) Parameters() []transformer.Param {
	return []transformer.Param{
		{Name: "embedding", Shape: []int{7, 3}, Init: transformer.TruncatedNormal(1), Decay: true},
		{Name: "head", Shape: []int{7, 3}, Init: transformer.TruncatedNormal(1), Decay: true},
		{Name: "bias", Shape: []int{7}, Init: transformer.ZeroInit},
	}
}

func (m bigram) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	tokens_B := in["tokens"]
	x_BxH := Gather(w.Get("embedding"), InsertAxes(tokens_B, -1))
	x_BxH = mode.Dropout.Apply(x_BxH, m.dropout)
	logits_BxV := transformer.AddBias(DotGeneral(x_BxH, []int{1}, nil, w.Get("head"), []int{1}, nil), w.Get("bias"))
	loss, count := transformer.CrossEntropy(logits_BxV, in["labels"], in["weights"])
	size := ReduceAllSum(Square(x_BxH))
	rows := Scalar(size.Graph(), size.DType(), float64(tokens_B.Shape().Size()))
	return []transformer.Term{{Name: "lm", Sum: loss, Count: count}, {Name: "size", Sum: MulScalar(size, 0.1), Count: rows}}
}

// bigramBatch returns some of the rows of a batch of 6, of which rows 0, 2, 3 and 4 count, unevenly.
func bigramBatch(rows ...int) train.Batch {
	tokens, labels, weights := []int32{1, 2, 3, 4, 5, 1}, []int32{2, 6, 0, 2, 3, 5}, []float32{1, 0, 2, 1, 0.5, 0}
	var x, y []int32
	var z []float32
	for _, row := range rows {
		x, y, z = append(x, tokens[row]), append(y, labels[row]), append(z, weights[row])
	}
	return train.Batch{"tokens": tensors.FromValue(x), "labels": tensors.FromValue(y), "weights": tensors.FromValue(z)}
}

// bertBatch returns some of the rows of a batch of sentence pairs, of which row 1 predicts nothing.
func bertBatch(rows ...int) train.Batch {
	const L, P = 6, 2
	b := objective.MLMBatch{Size: len(rows), Length: L, Predictions: P}
	for _, row := range rows {
		for i := range L {
			b.Tokens = append(b.Tokens, int32((i*i+3*row)%19))
			b.Segments = append(b.Segments, int32(i/3))
		}
		b.Lengths = append(b.Lengths, int32(6-row%2))
		b.NextSentence = append(b.NextSentence, int32(row%2))
		for i := range P {
			b.Positions = append(b.Positions, int32((row+3*i)%5))
			b.Labels = append(b.Labels, int32((5*row+i)%19))
			b.Weights = append(b.Weights, []float32{1, 1, 0, 0, 1, 0, 1, 1}[(2*row+i)%8])
		}
	}
	return bert.Inputs(b)
}

func bertWithNextSentence() bert.Config {
	c := bert.New(2, 8, 2, 19, 6)
	c.NextSentence = true
	return c
}

// TestMicroBatches: micro-batches give the loss, its terms, the gradient and the
// update of the whole batch, though one of them predicts nothing.
func TestMicroBatches(t *testing.T) {
	check := func(t *testing.T, b *backend.Backend, model train.Model, batch func(rows ...int) train.Batch, splits ...[][]int) {
		// A gradient near 0 must not be scaled up, or its rounding would be too.
		program := newProgram(t, b, model, train.AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1, WeightDecay: 0.01, ClipNorm: 1})
		var gates []float32
		for _, stack := range model.Stacks() {
			gates = append(gates, slices.Repeat([]float32{0.75}, stack.Depth)...)
		}
		step := func(state *train.State, rows [][]int) train.Update {
			s := train.Step{Rate: 0.5, Gates: gates}
			for _, r := range rows {
				s.Batches = append(s.Batches, batch(r...))
			}
			return mustStep(t, program, state, s)
		}
		for _, split := range splits {
			whole, parts := program.NewState(3), program.NewState(3)
			for range 3 {
				want, got := step(whole, [][]int{{0, 1, 2, 3, 4, 5}}), step(parts, split)
				if len(want.Terms) != 1 || len(got.Terms) != 1 {
					t.Fatalf("the terms are %v and %v", want.Terms, got.Terms)
				}
				compareUpdates(t, got, want)
			}
			compareSnapshots(t, mustSnapshot(t, program, parts), mustSnapshot(t, program, whole))
		}
	}
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		check(t, b, bigram{}, bigramBatch, [][]int{{0, 4}, {1, 5}, {3, 2}})
	})
	t.Run("bert", func(t *testing.T) {
		check(t, testbackend.Go(t), bertWithNextSentence(), bertBatch, [][]int{{0, 1, 2}, {3, 4, 5}}, [][]int{{0, 2, 3, 4}, {1}, {5}})
	})
}

func compareUpdates(t *testing.T, got, want train.Update) {
	t.Helper()
	type number struct {
		name      string
		got, want float64
	}
	numbers := []number{
		{"loss", got.Loss, want.Loss}, {"gradient norm", got.GradientNorm, want.GradientNorm},
		{"parameter RMS", got.ParameterRMS, want.ParameterRMS}, {"update RMS", got.UpdateRMS, want.UpdateRMS},
	}
	for name := range want.Terms {
		numbers = append(numbers, number{name, got.Terms[name], want.Terms[name]})
	}
	for _, n := range numbers {
		if !(math.Abs(n.got-n.want) <= 1e-5*math.Abs(n.want)) || n.want == 0 {
			t.Errorf("%s: got %v, want %v", n.name, n.got, n.want)
		}
	}
}

// compareSnapshots allows for a difference of 1e-5 of each tensor's largest
// value, and of 1e-7 of the largest of all: the gradient of a key's bias is 0
// but for rounding.
func compareSnapshots(t *testing.T, got, want train.Snapshot) {
	t.Helper()
	if got.Step != want.Step || !reflect.DeepEqual(got.Updates, want.Updates) {
		t.Errorf("step %d, updates %v, want %d, %v", got.Step, got.Updates, want.Step, want.Updates)
	}
	largest := func(tensors ...growth.Tensor) (x float64) {
		for _, tensor := range tensors {
			for _, y := range tensor.Data {
				x = max(x, math.Abs(float64(y)))
			}
		}
		return x
	}
	compare := func(what string, got, want growth.Tensors) {
		if len(got) != len(want) {
			t.Errorf("%s: %d tensors, want %d", what, len(got), len(want))
		}
		all := largest(slices.Collect(maps.Values(want))...)
		for name, w := range want {
			for i, x := range w.Data {
				if d := math.Abs(float64(got[name].Data[i] - x)); !(d <= 1e-5*largest(w)+1e-7*all) {
					t.Fatalf("%s %s: element %d is %v, want %v", what, name, i, got[name].Data[i], x)
				}
			}
		}
	}
	compare("parameter", got.Params, want.Params)
	for name := range want.Moments {
		compare(name+" moment of", got.Moments[name], want.Moments[name])
	}
}

// TestDropoutOfMicroBatches: equal micro-batches drop different elements, and
// the same ones in every execution.
func TestDropoutOfMicroBatches(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		program := newProgram(t, b, bigram{dropout: 0.5}, train.NewAdamW())
		all := bigramBatch(0, 1, 2, 3, 4, 5)
		loss := func(seed int64, batches ...train.Batch) float64 {
			return mustStep(t, program, program.NewState(1), train.Step{Batches: batches, Rate: 0.1, Seed: seed}).Loss
		}
		twice := loss(1, all, all)
		if again := loss(1, all, all); again != twice {
			t.Errorf("the same seed gave losses %v and %v", twice, again)
		}
		if other := loss(2, all, all); other == twice {
			t.Error("another seed gave the same loss")
		}
		if once := loss(1, all); once == twice {
			t.Error("two equal micro-batches dropped the same elements")
		}
	})
}

// TestNotFinite: a gradient that is not finite, in one batch or in one of three
// micro-batches, and an update too large for float32 change nothing.
func TestNotFinite(t *testing.T) {
	for _, o := range []train.Optimizer{train.NewAdamW(), train.NewAdafactor(), train.NewLAMB()} {
		t.Run(o.Name(), func(t *testing.T) {
			if o.Name() == "adamw" {
				testbackend.Each(t, func(t *testing.T, b *backend.Backend) { checkNotFinite(t, b, o) })
			} else {
				checkNotFinite(t, testbackend.Go(t), o)
			}
		})
	}
}

func checkNotFinite(t *testing.T, b *backend.Backend, o train.Optimizer) {
	program := newProgram(t, b, referenceModel, o)
	state := referenceState(t, program, referenceModel)
	good := func() train.Batch { return referenceBatch(referenceModel, 0) }
	bad := func(x float64) train.Batch {
		batch, values := good(), referenceGradient(0, referenceModel[0], 0)
		values[5] = float32(x)
		batch["matrix"] = tensors.FromFlatDataAndDimensions(values, referenceModel[0].Shape...)
		return batch
	}
	mustStep(t, program, state, train.Step{Batches: []train.Batch{good()}, Rate: 0.1})
	want := mustSnapshot(t, program, state)
	for name, step := range map[string]train.Step{
		"NaN":                  {Batches: []train.Batch{bad(math.NaN())}, Rate: 0.1},
		"Inf":                  {Batches: []train.Batch{bad(math.Inf(-1))}, Rate: 0.1},
		"NaN in a micro-batch": {Batches: []train.Batch{good(), bad(math.NaN()), good()}, Rate: 0.1},
		"Inf in a micro-batch": {Batches: []train.Batch{good(), good(), bad(math.Inf(1))}, Rate: 0.1},
		"update":               {Batches: []train.Batch{good()}, Rate: 3e38},
		"update in parts":      {Batches: []train.Batch{good(), good()}, Rate: 3e38},
	} {
		update := mustStep(t, program, state, step)
		if !update.Diverged() {
			t.Errorf("%s: the update %+v does not say so", name, update)
		}
		if got := mustSnapshot(t, program, state); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the state is not what it was", name)
		}
	}
	if update := mustStep(t, program, state, train.Step{Batches: []train.Batch{good(), good()}, Rate: 0.1}); update.Diverged() || state.Step != want.Step+1 {
		t.Errorf("the step after: %+v, at step %d", update, state.Step)
	}
}

// TestNorms compares what an update reports with the states before and after it.
func TestNorms(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		program := newProgram(t, b, referenceModel, train.NewAdamW())
		state := referenceState(t, program, referenceModel)
		before := mustSnapshot(t, program, state).Params
		update := mustStep(t, program, state, train.Step{Batches: []train.Batch{referenceBatch(referenceModel, 3)}, Rate: 0.1})
		after := mustSnapshot(t, program, state).Params
		var loss, gradient, parameter, change float64
		for i, p := range referenceModel {
			for j, g := range referenceGradient(i, p, 3) {
				old, new := float64(before[p.Name].Data[j]), float64(after[p.Name].Data[j])
				loss += old * float64(g)
				gradient += float64(g) * float64(g)
				parameter += old * old
				change += (new - old) * (new - old)
			}
		}
		n := float64(transformer.Count(referenceModel))
		compareUpdates(t, update, train.Update{Loss: loss, GradientNorm: math.Sqrt(gradient), ParameterRMS: math.Sqrt(parameter / n), UpdateRMS: math.Sqrt(change / n)})
	})
}

// TestStepWithoutBatch: it is an error, and the state can go on.
func TestStepWithoutBatch(t *testing.T) {
	program := newProgram(t, testbackend.Go(t), bigram{}, train.NewAdamW())
	state := program.NewState(1)
	if _, err := program.Step(state, train.Step{Rate: 0.1}); err == nil {
		t.Error("no error")
	}
	mustStep(t, program, state, train.Step{Batches: []train.Batch{bigramBatch(0, 2)}, Rate: 0.1})
}

// TestFailedStep: a batch that the model cannot take leaves the state as it was.
// Where the execution fails, which has the state by then, that is said from then on.
func TestFailedStep(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		program := newProgram(t, b, bigram{}, train.NewAdamW())
		state := program.NewState(1)
		good, bad, freed := bigramBatch(0, 2), bigramBatch(0, 2), bigramBatch(0, 2)
		bad["labels"] = tensors.FromValue([]int32{1, 2, 3})
		before := mustSnapshot(t, program, state)
		if err := freed["tokens"].FinalizeAll(); err != nil {
			t.Fatal(err)
		}
		for _, batches := range [][]train.Batch{{bad}, {freed}, {good, bad}} {
			_, err := program.Step(state, train.Step{Batches: batches, Rate: 0.1})
			if err == nil {
				t.Errorf("no error of a bad batch among %d", len(batches))
			}
			if _, ok := errors.AsType[*train.DeviceError](err); ok {
				t.Errorf("an error of a batch is taken for one of the device: %v", err)
			}
			if !reflect.DeepEqual(mustSnapshot(t, program, state), before) {
				t.Fatal("the state is not what it was")
			}
		}
		mustStep(t, program, state, train.Step{Batches: []train.Batch{good}, Rate: 0.1})

		state.Parameters[1] = state.Parameters[0] // which cannot be handed over twice
		if _, err := program.Step(state, train.Step{Batches: []train.Batch{good}, Rate: 0.1}); err == nil || !strings.Contains(err.Error(), "the state is lost") {
			t.Errorf("got error %v, want one that says the state is lost", err)
		}
		const want = "the state was lost at step 1"
		if _, err := program.Step(state, train.Step{Batches: []train.Batch{good}, Rate: 0.1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the next step: got error %v, want one with %q", err, want)
		}
		if _, err := program.Snapshot(state); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a snapshot: got error %v, want one with %q", err, want)
		}
		if err := state.Finalize(); err != nil {
			t.Error(err)
		}
	})
}
