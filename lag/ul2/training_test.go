package ul2_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

func batchOf(form ul2.Form) train.Batch {
	if form == ul2.EncoderDecoder {
		return ul2.EncoderDecoderInputs(pairs(1))
	}
	return ul2.DecoderInputs(sequences())
}

// newProgram prepares a model's step and evaluation.
func newProgram(t *testing.T, b *backend.Backend, config ul2.Config) *train.Program {
	t.Helper()
	program, err := train.NewProgram(b, config, train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// loss is that of a batch of the form, without dropout.
func loss(t *testing.T, program *train.Program, form ul2.Form, state *train.State, gates []float32) float64 {
	t.Helper()
	value, err := program.Loss(state, []train.Batch{batchOf(form)}, gates)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// steps does two training steps and returns what the second one reports, and the state.
func steps(t *testing.T, b *backend.Backend, config ul2.Config, seed int64) (train.Update, *train.State) {
	t.Helper()
	program := newProgram(t, b, config)
	state := formulaState(config.Parameters())
	var update train.Update
	for range 2 {
		var err error
		update, err = program.Step(state, train.Step{Batches: []train.Batch{batchOf(config.Form)}, Rate: 1e-3, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
	}
	return update, state
}

// TestPreservation holds what package growth says of duplicates against the
// model: in a pre-norm stack they leave the loss unchanged both when their
// output projections are zero and when they are gated at 0.
func TestPreservation(t *testing.T) {
	b := testbackend.Go(t)
	for _, form := range []ul2.Form{ul2.EncoderDecoder, ul2.CausalLM} {
		config := smallConfig(form)
		deep := config.WithLayers(0, 3)
		if form == ul2.EncoderDecoder {
			deep = config.WithLayers(4, 3)
		}
		source := loss(t, newProgram(t, b, config), form, formulaState(config.Parameters()), nil)
		program := newProgram(t, b, deep)
		for _, test := range []struct {
			init      growth.Init
			preserves bool
		}{
			{growth.Init{Kind: growth.Gated, GateSteps: 10}, true},
			{growth.Init{Kind: growth.Zero}, true},
			{growth.Init{Kind: growth.Copy}, false},
		} {
			encoder := growth.Custom("stack", growth.Map{0, 1, 0, 1}, growth.Copy).WithInit(test.init)
			decoder := growth.Custom("last", growth.Map{0, 1, 1}, growth.Copy).WithInit(test.init)
			grown := grow(t, config, deep, encoder, decoder)
			state, err := grown.Restore(deep.Parameters(), train.NewAdamW())
			if err != nil {
				t.Fatal(err)
			}
			gates := decoder.Gates(0)
			if form == ul2.EncoderDecoder {
				gates = slices.Concat(encoder.Gates(0), gates)
			}
			change := math.Abs(loss(t, program, form, state, gates)-source) / source
			if test.preserves && change > 1e-5 {
				t.Errorf("%s, %s: the loss changed by %g of itself, want at most 1e-5", form, test.init.Kind, change)
			}
			if !test.preserves && change < 1e-3 {
				t.Errorf("%s, %s: the loss changed by only %g of itself", form, test.init.Kind, change)
			}
		}
	}
}

// TestStepVariants compares training steps with dropout that should agree.
// Layers computed again in the backward pass give the same loss, gradients and
// updates. Activations in bfloat16, XLA only, give loss and gradient to
// bfloat16's accuracy, 2^-8.
func TestStepVariants(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		xla := b != testbackend.Go(t)
		config := smallConfig(ul2.EncoderDecoder)
		if xla {
			config = smallConfig(ul2.PrefixLM).WithLayers(0, 1) // compiles several times faster
		}
		config.Dropout, config.ZLoss = 0.1, 1e-3
		want, wantState := steps(t, b, config, 1)

		again := config
		again.GradientCheckpointing = true
		got, gotState := steps(t, b, again, 1)
		if math.Abs(got.Loss-want.Loss) > 1e-5 || math.Abs(got.GradientNorm-want.GradientNorm) > 1e-4*want.GradientNorm {
			t.Errorf("got %+v with gradient checkpointing, %+v without", got, want)
		}
		for i, p := range config.Parameters() {
			got, want := tensors.MustCopyFlatData[float32](gotState.Parameters[i]), tensors.MustCopyFlatData[float32](wantState.Parameters[i])
			for j := range want {
				if math.Abs(float64(got[j]-want[j])) > 1e-5 {
					t.Fatalf("%s: got %v with gradient checkpointing, %v without", p.Name, got[j], want[j])
				}
			}
		}

		if xla {
			config.Precision = transformer.BFloat16
			got, _ := steps(t, b, config, 1)
			if got.Loss == want.Loss || math.Abs(got.Loss-want.Loss) > 0.01*want.Loss || math.Abs(got.GradientNorm-want.GradientNorm) > 0.02*want.GradientNorm {
				t.Errorf("got %+v in bfloat16, %+v in float32", got, want)
			}
		}
	})
}

// TestDropout: the seed decides, and evaluation has none.
func TestDropout(t *testing.T) {
	b := testbackend.Go(t)
	config := smallConfig(ul2.PrefixLM)
	without, _ := steps(t, b, config, 1)
	atRest := loss(t, newProgram(t, b, config), config.Form, formulaState(config.Parameters()), nil)
	config.Dropout = 0.1
	first, _ := steps(t, b, config, 1)
	again, _ := steps(t, b, config, 1)
	other, _ := steps(t, b, config, 2)
	if !reflect.DeepEqual(first, again) {
		t.Errorf("the same seed gives %+v and %+v", first, again)
	}
	if first.Loss == other.Loss || first.Loss == without.Loss {
		t.Errorf("seed 1 gives %+v, seed 2 %+v, no dropout %+v", first, other, without)
	}
	if got := loss(t, newProgram(t, b, config), config.Form, formulaState(config.Parameters()), nil); got != atRest {
		t.Errorf("evaluation gives %v with a dropout rate, %v without", got, atRest)
	}
}

// TestMissingInput: the error of a batch for another form says what is missing.
func TestMissingInput(t *testing.T) {
	config := smallConfig(ul2.EncoderDecoder)
	program := newProgram(t, testbackend.Go(t), config)
	_, err := program.Loss(formulaState(config.Parameters()), []train.Batch{batchOf(ul2.CausalLM)}, nil)
	if err == nil || !strings.Contains(err.Error(), `no "decoder_input_ids"; a model of form "encoder-decoder"`) {
		t.Errorf("got the error %v, want one that names decoder_input_ids and the form", err)
	}
}
