package ul2_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

func batchOf(form ul2.Form) train.Batch {
	if form == ul2.EncoderDecoder {
		return ul2.EncoderDecoderInputs(pairs(1))
	}
	return ul2.DecoderInputs(sequences())
}

// newProgram compiles a model's step and evaluation.
func newProgram(t *testing.T, b *backend.Backend, config ul2.Config) *train.Program {
	t.Helper()
	program, err := train.NewProgram(b, config, train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// loss returns the loss of a batch of the form, without dropout.
func loss(t *testing.T, program *train.Program, form ul2.Form, state *train.State, gates []float32) float64 {
	t.Helper()
	value, err := program.Loss(t.Context(), state, []train.Batch{batchOf(form)}, gates)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// steps runs two training steps and returns the report of the second.
func steps(t *testing.T, b *backend.Backend, config ul2.Config, seed int64) train.Update {
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
	return update
}

// TestPreservation checks package growth's statements about duplicates: in a
// pre-norm stack they leave the loss unchanged if their output projections are
// zero or their gates are 0. One strategy grows all stacks of a model.
func TestPreservation(t *testing.T) {
	b := testbackend.Go(t)
	for _, form := range []ul2.Form{ul2.EncoderDecoder, ul2.CausalLM} {
		config := smallConfig(form)
		from, to, deep := growth.Depths{2}, growth.Depths{3}, config.WithLayers(0, 3)
		if form == ul2.EncoderDecoder {
			from, to, deep = growth.Depths{2, 2}, growth.Depths{4, 3}, config.WithLayers(4, 3)
		}
		pool, err := growth.NewPoolFor(from, to, &growth.Options{Wide: true})
		if err != nil {
			t.Fatal(err)
		}
		source := loss(t, newProgram(t, b, config), form, formulaState(config.Parameters()), nil)
		program := newProgram(t, b, deep)
		for name, preserves := range map[string]bool{
			"stack-gated": true, "interleave-gated": true, "stack-zero": true, "lemon": true,
			"stack": false, "stack-scaled": false, "mslt": false,
		} {
			strategy, ok := pool.ByName(name)
			if !ok {
				t.Fatalf("%v to %v: there is no strategy %s", from, to, name)
			}
			strategies, err := strategy.PerStack(len(from))
			if err != nil {
				t.Fatal(err)
			}
			grown := grow(t, config, deep, strategies...)
			state, err := grown.Restore(deep.Parameters(), train.NewAdamW())
			if err != nil {
				t.Fatal(err)
			}
			change := math.Abs(loss(t, program, form, state, strategy.Gates(0))-source) / source
			if preserves && change > 1e-5 {
				t.Errorf("%s, %s: the relative change of the loss is %g, want at most 1e-5", form, name, change)
			}
			if !preserves && change < 1e-3 {
				t.Errorf("%s, %s: the relative change of the loss is only %g", form, name, change)
			}
		}
	}
}

// gradients returns the loss of a batch, the sum of all terms, and its
// derivatives with respect to all parameters, concatenated. Dropout is on.
func gradients(t *testing.T, b *backend.Backend, config ul2.Config) (loss float64, derivatives []float32) {
	t.Helper()
	parameters, batch := config.Parameters(), batchOf(config.Form)
	names := slices.Sorted(maps.Keys(batch))
	var args []any
	for _, p := range formulaState(parameters).Parameters {
		args = append(args, p)
	}
	for _, name := range names {
		args = append(args, batch[name])
	}
	args = append(args, []uint64{1, 2, 3})
	out, err := CallOnceN(b.Backend, func(args []*Node) []*Node {
		n := len(parameters)
		in := make(transformer.Inputs)
		for i, name := range names {
			in[name] = args[n+i]
		}
		mode := transformer.Mode{Dropout: transformer.NewDropout(args[len(args)-1])}
		loss := ScalarZero(args[0].Graph(), dtypes.Float32)
		for _, term := range config.Loss(transformer.NewWeights(parameters, args[:n]), in, mode) {
			loss = Add(loss, Div(term.Sum, term.Count))
		}
		return append([]*Node{loss}, Gradient(loss, args[:n]...)...)
	}, args...)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range out[1:] {
		derivatives = append(derivatives, tensors.MustCopyFlatData[float32](g)...)
	}
	return float64(tensors.ToScalar[float32](out[0])), derivatives
}

// norm returns the Euclidean norm of a-b, or of a if b is nil.
func norm(a, b []float32) float64 {
	var squares float64
	for i, x := range a {
		if b != nil {
			x -= b[i]
		}
		squares += float64(x) * float64(x)
	}
	return math.Sqrt(squares)
}

// TestPrecisionAndCheckpointing checks that layers computed again in the
// backward pass give the same loss and gradient, also with dropout. With
// activations in bfloat16, on XLA only, they must be within a few times its
// accuracy of 2^-8. On XLA the model is small and has no dropout, because of
// the compile time.
func TestPrecisionAndCheckpointing(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		xla := b != testbackend.Go(t)
		config := smallConfig(ul2.EncoderDecoder)
		config.Dropout, config.ZLoss = 0.1, 1e-3
		if xla {
			config = narrow(b, smallConfig(ul2.PrefixLM))
			config.ZLoss = 1e-3
		}
		wantLoss, want := gradients(t, b, config)

		config.GradientCheckpointing = true
		gotLoss, got := gradients(t, b, config)
		if math.Abs(gotLoss-wantLoss) > 1e-5*wantLoss || norm(got, want) > 1e-5*norm(want, nil) {
			t.Errorf("with gradient checkpointing the loss is %v, without %v; the gradients differ by %g of %g",
				gotLoss, wantLoss, norm(got, want), norm(want, nil))
		}
		if !xla {
			return
		}
		config.Precision = transformer.BFloat16
		gotLoss, got = gradients(t, b, config)
		if difference := norm(got, want); difference == 0 || math.Abs(gotLoss-wantLoss) > 0.01*wantLoss || difference > 0.03*norm(want, nil) {
			t.Errorf("the loss is %v in bfloat16, %v in float32; the gradients differ by %g of %g",
				gotLoss, wantLoss, norm(got, want), norm(want, nil))
		}
	})
}

// TestDropout checks that dropout depends on the seed, and that evaluation has
// none.
func TestDropout(t *testing.T) {
	b := testbackend.Go(t)
	config := smallConfig(ul2.PrefixLM)
	without := steps(t, b, config, 1)
	atRest := loss(t, newProgram(t, b, config), config.Form, formulaState(config.Parameters()), nil)
	config.Dropout = 0.1
	first := steps(t, b, config, 1)
	again := steps(t, b, config, 1)
	other := steps(t, b, config, 2)
	if !reflect.DeepEqual(first, again) {
		t.Errorf("the same seed gives both %+v and %+v", first, again)
	}
	if first.Loss == other.Loss || first.Loss == without.Loss {
		t.Errorf("seed 1 gives %+v, seed 2 %+v, no dropout %+v", first, other, without)
	}
	if got := loss(t, newProgram(t, b, config), config.Form, formulaState(config.Parameters()), nil); got != atRest {
		t.Errorf("evaluation gives %v with a dropout rate, but %v without", got, atRest)
	}
}

// TestMissingInput checks that the error for a batch of another form names the
// missing tensor.
func TestMissingInput(t *testing.T) {
	config := smallConfig(ul2.EncoderDecoder)
	program := newProgram(t, testbackend.Go(t), config)
	_, err := program.Loss(t.Context(), formulaState(config.Parameters()), []train.Batch{batchOf(ul2.CausalLM)}, nil)
	if err == nil || !strings.Contains(err.Error(), `no "decoder_input_ids"; a model of form "encoder-decoder"`) {
		t.Errorf("got error %v, want it to name decoder_input_ids and the form", err)
	}
}
