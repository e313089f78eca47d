package bert_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// TestPadding checks that the contents of padding never change the logits of
// other positions, and that these equal the logits of the sequence without
// padding.
func TestPadding(t *testing.T) {
	ref := readHFReference(t)
	const row, tokens, vocab = 1, 7, 37 // a row with padding at its end
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		for _, positions := range []bert.Positions{bert.Learned, bert.Relative} {
			config := shallow(b, hfConfig(false, false))
			config.Positions = positions
			state, run := hfWeights(config.Parameters()), forward(t, b, config)
			mask := slices.Concat(ref.Inputs.AttentionMask...)
			before := run(state, ref.batch())[0]

			batch := ref.batch()
			ids, types := slices.Concat(ref.Inputs.InputIDs...), slices.Concat(ref.Inputs.TokenTypes...)
			for i := range mask {
				if mask[i] == 0 {
					ids[i], types[i] = (ids[i]+5)%vocab, 1-types[i]
				}
			}
			batch[bert.InputIDs] = tensors.FromFlatDataAndDimensions(ids, hfBatch, hfLength)
			batch[bert.TokenTypes] = tensors.FromFlatDataAndDimensions(types, hfBatch, hfLength)
			after := run(state, batch)[0]
			for i := range mask {
				changed := !slices.Equal(before[i*vocab:(i+1)*vocab], after[i*vocab:(i+1)*vocab])
				if changed != (mask[i] == 0) {
					t.Errorf("%s, row %d, position %d, mask %d: logits changed: %t", positions, i/hfLength, i%hfLength, mask[i], changed)
				}
			}

			alone := run(state, train.Batch{
				bert.InputIDs:      tensors.FromValue([][]int32{ref.Inputs.InputIDs[row][:tokens]}),
				bert.TokenTypes:    tensors.FromValue([][]int32{ref.Inputs.TokenTypes[row][:tokens]}),
				bert.AttentionMask: tensors.FromValue([][]int32{ref.Inputs.AttentionMask[row][:tokens]}),
			})[0]
			start := row * hfLength * vocab
			if d := greatest(alone, before[start:start+tokens*vocab]); d > 1e-5 {
				t.Errorf("%s: the logits differ by %g from those without padding", positions, d)
			}
		}
	})
}

// shallow returns the configuration, or a narrow one with a single layer for
// XLA, which takes seconds to compile each layer of a training step.
func shallow(b *backend.Backend, config bert.Config) bert.Config {
	if b.Kind == backend.Go {
		return config
	}
	config.HiddenSize, config.Heads, config.IntermediateSize = 8, 2, 12
	return config.WithLayers(1)
}

// TestDropout checks that training's masks depend on seed and step, and that
// evaluation has no dropout.
func TestDropout(t *testing.T) {
	ref := readHFReference(t)
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		config := shallow(b, hfConfig(false, false))
		plain := config
		plain.HiddenDropout, plain.AttentionDropout = 0, 0
		program, undropped := newProgram(t, b, config), newProgram(t, b, plain)
		evaluate := func(program *train.Program) float64 {
			loss, err := program.Loss(t.Context(), hfWeights(config.Parameters()), []train.Batch{ref.batch()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return loss
		}
		if got, want := evaluate(program), evaluate(undropped); got != want {
			t.Errorf("evaluation gives %v with dropout in the configuration, but %v without", got, want)
		}
		first := trainingLoss(t, program, 0, 1, ref.batch())
		for _, other := range []struct {
			step int
			seed int64
			same bool
		}{{0, 1, true}, {1, 1, false}, {0, 2, false}} {
			if got := trainingLoss(t, program, other.step, other.seed, ref.batch()); (got == first) != other.same {
				t.Errorf("step %d of seed %d has loss %v, step 0 of seed 1 has %v", other.step, other.seed, got, first)
			}
		}
		if got := evaluate(undropped); got == first {
			t.Errorf("training's loss %v is the same as without dropout", got)
		}
	})
}

// TestDropoutRates checks that each of the two rates has an effect.
func TestDropoutRates(t *testing.T) {
	ref, losses := readHFReference(t), make(map[float64]bool)
	for _, rates := range [][2]float64{{0, 0}, {0.1, 0}, {0, 0.1}, {0.1, 0.1}} {
		config := hfConfig(false, false)
		config.HiddenDropout, config.AttentionDropout = rates[0], rates[1]
		losses[trainingLoss(t, newProgram(t, testbackend.Go(t), config), 0, 1, ref.batch())] = true
	}
	if len(losses) != 4 {
		t.Errorf("four pairs of rates give %d losses", len(losses))
	}
}

// trainingLoss returns the loss of one training step from the reference's
// weights.
func trainingLoss(t *testing.T, program *train.Program, step int, seed int64, batch train.Batch) float64 {
	t.Helper()
	state := hfWeights(program.Parameters())
	state.Step = step
	update, err := program.Step(state, train.Step{Batches: []train.Batch{batch}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return update.Loss
}

// TestGradientCheckpointing checks that computing layers again, with the same
// dropout masks, changes neither the loss nor the gradients.
func TestGradientCheckpointing(t *testing.T) {
	ref := readHFReference(t)
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		config := shallow(b, hfConfig(true, false))
		run := func(on bool) (loss, norm float64, clipped [][]float32) {
			config := config
			config.GradientCheckpointing = on
			return gradient(t, b, config, ref.batch())
		}
		loss, norm, kept := run(false)
		lossAgain, normAgain, again := run(true)
		if math.Abs(loss-lossAgain) > 1e-6*loss || math.Abs(norm-normAgain) > 1e-5*norm {
			t.Errorf("got loss %v and gradient norm %v, want %v and %v as without gradient checkpointing", lossAgain, normAgain, loss, norm)
		}
		for i, p := range config.Parameters() {
			if d := greatest(again[i], kept[i]); d > 1e-5 {
				t.Errorf("%s: the gradient, clipped, differs by %g", p.Name, d)
			}
		}
	})
}

// TestBFloat16 checks that logits are close to those of float32, that training
// with the same dropout is too, and that parameters stay float32.
func TestBFloat16(t *testing.T) {
	ref := readHFReference(t)
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		var logits [2][]float32
		var losses [2]float64
		for i, precision := range []transformer.Precision{transformer.Float32, transformer.BFloat16} {
			config := shallow(b, hfConfig(false, false))
			config.Precision = precision
			state := hfWeights(config.Parameters())
			logits[i] = forward(t, b, config)(state, ref.batch())[0]
			program := newProgram(t, b, config)
			for range 20 {
				update, err := program.Step(state, train.Step{Batches: []train.Batch{ref.batch()}, Rate: 3e-3})
				if err != nil {
					t.Fatal(err)
				}
				losses[i] = update.Loss
			}
			for _, p := range state.Parameters {
				if p.DType() != dtypes.Float32 {
					t.Fatalf("a parameter of dtype %s in a model of precision %s", p.DType(), precision)
				}
			}
		}
		// bfloat16 rounds by up to 2⁻⁹ = 0.2% of a value; the logits are about 1.
		if d := greatest(logits[1], logits[0]); d > 0.05 || d == 0 {
			t.Errorf("bfloat16's logits differ by %g, want some and at most 0.05", d)
		}
		if d := math.Abs(losses[1] - losses[0]); d > 0.01*losses[0] {
			t.Errorf("after 20 steps the loss is %v in bfloat16 and %v in float32", losses[1], losses[0])
		}
	})
}

// TestMissingInput checks that a missing tensor of a batch is an error that
// names it.
func TestMissingInput(t *testing.T) {
	program := newProgram(t, testbackend.Go(t), hfConfig(false, true))
	batch := readHFReference(t).batch()
	delete(batch, bert.NextSentence)
	_, err := program.Loss(t.Context(), hfWeights(program.Parameters()), []train.Batch{batch}, nil)
	if err == nil || !strings.Contains(err.Error(), bert.NextSentence) {
		t.Errorf("got error %v, want it to name %s", err, bert.NextSentence)
	}
}
