package ul2_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

// smallConfig returns the model of testdata/reference.py, in any form.
func smallConfig(form ul2.Form) ul2.Config {
	config := ul2.Config{
		Form: form, VocabSize: 29, HiddenSize: 16, HeadSize: 4, Heads: 3, IntermediateSize: 24, DecoderLayers: 2,
		Activation: ul2.GatedGelu, RelativeBuckets: 8, RelativeMaxDistance: 12, NormEpsilon: 1e-6, InitializerFactor: 1,
		Precision: transformer.Float32,
	}
	if form == ul2.EncoderDecoder {
		config.EncoderLayers = 2
	}
	return config
}

// narrow returns the configuration, or a smaller one with a single decoder
// layer for XLA, which compiles slowly.
func narrow(b *backend.Backend, config ul2.Config) ul2.Config {
	if b.Kind == backend.Go {
		return config
	}
	config.HiddenSize, config.Heads, config.IntermediateSize = 8, 2, 12
	return config.WithLayers(0, 1)
}

// formulaState computes the same weights as testdata/reference.py.
func formulaState(parameters []transformer.Param) *train.State {
	state := train.NewState(parameters, train.NewAdamW(), 0)
	for index, p := range parameters {
		values := make([]float32, p.Size())
		for i := range values {
			x := float64(48271*(i+1)*(i+31*index+17)%65537)/65537*0.6 - 0.3
			if strings.HasSuffix(p.Name, "norm.weight") {
				x = 1 + 0.2*x
			}
			values[i] = float32(x)
		}
		state.Parameters[index] = tensors.FromFlatDataAndDimensions(values, p.Shape...)
	}
	return state
}

// pairs returns the batch of testdata/reference.py.
func pairs(step int) objective.EncoderDecoderBatch {
	const vocab, inputs, targets = 29, 19, 9
	b := objective.EncoderDecoderBatch{Size: 2, InputLength: inputs, TargetLength: targets}
	for row := range b.Size {
		length := inputs - 5*row*step
		for i := range inputs {
			token := (7*i + 11*row + 5*step + i*row) % vocab
			if i >= length {
				token = 0
			}
			b.Inputs = append(b.Inputs, int32(token))
		}
		b.InputLengths = append(b.InputLengths, int32(length))
		previous := int32(0)
		for i := range targets {
			label := int32((3*i + 13*row + step + i*i*row) % vocab)
			b.DecoderInputs = append(b.DecoderInputs, previous)
			b.Targets = append(b.Targets, label)
			weight := float32(1)
			if i >= targets-2*row {
				weight = 0
			}
			b.Weights = append(b.Weights, weight)
			previous = label
		}
	}
	return b
}

// TestAgainstTransformers compares the logits of a batch with padding, and the
// losses and gradient norms of ten training steps, with those of
// T5ForConditionalGeneration with the same weights and batches. One run has
// gated GELU and an untied head, the other gated SiLU, a tied head and a
// z-loss.
func TestAgainstTransformers(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Runs []struct {
			Activation    ul2.Activation `json:"activation"`
			Tied          bool           `json:"tied"`
			ZLoss         float64        `json:"z_loss"`
			Losses        []float64      `json:"losses"`
			GradientNorms []float64      `json:"gradient_norms"`
			Logits        []float64      `json:"logits"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Runs) != 2 {
		t.Fatalf("the reference has %d runs, want 2", len(reference.Runs))
	}
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, run := range reference.Runs {
			t.Run(string(run.Activation), func(t *testing.T) {
				config := smallConfig(ul2.EncoderDecoder)
				config.Activation, config.TieEmbeddings, config.ZLoss = run.Activation, run.Tied, run.ZLoss
				got := slices.Concat(slices.Concat(forward(t, b, config)(ul2.EncoderDecoderInputs(pairs(1)))...)...)
				if len(got) != len(run.Logits) {
					t.Fatalf("got %d logits, transformers has %d", len(got), len(run.Logits))
				}
				for i, want := range run.Logits {
					if math.Abs(float64(got[i])-want) > 1e-5 {
						t.Fatalf("logit %d: got %v, transformers has %v", i, got[i], want)
					}
				}
				if b != testbackend.Go(t) && config.Activation != ul2.GatedGelu {
					return // one step is enough with XLA, which takes seconds to compile it
				}
				testbackend.Slow(t, b)
				program, state := newProgram(t, b, config), formulaState(config.Parameters())
				for step, want := range run.Losses {
					update, err := program.Step(state, train.Step{
						Batches: []train.Batch{ul2.EncoderDecoderInputs(pairs(step % 3))}, Rate: 5e-3,
					})
					if err != nil {
						t.Fatal(err)
					}
					if math.Abs(update.Loss-want) > 1e-4 {
						t.Errorf("step %d: loss %v, transformers has %v", step, update.Loss, want)
					}
					if norm := run.GradientNorms[step]; math.Abs(update.GradientNorm-norm) > 1e-3*norm {
						t.Errorf("step %d: gradient norm %v, transformers has %v", step, update.GradientNorm, norm)
					}
				}
			})
		}
	})
}

type modelKey struct {
	backend *backend.Backend
	config  ul2.Config
}

// forwards are compiled once for all tests. Tests do not run in parallel.
var forwards = make(map[modelKey]*train.Forward)

// forward returns a function that returns the model's logits of a batch as
// [B][L][V].
func forward(t *testing.T, b *backend.Backend, config ul2.Config) func(batch transformer.Batch) [][][]float32 {
	t.Helper()
	parameters := config.Parameters()
	state := formulaState(parameters)
	names := []string{ul2.InputIDs, ul2.PrefixLengths, ul2.Lengths, ul2.Segments}
	if config.Form == ul2.EncoderDecoder {
		names = []string{ul2.InputIDs, ul2.AttentionMask, ul2.DecoderInputIDs}
	}
	key := modelKey{b, config}
	if forwards[key] == nil {
		forward, err := train.NewForward(b, parameters, names, func(w transformer.Weights, in transformer.Inputs) []*Node {
			var encoded *Node
			if config.Form == ul2.EncoderDecoder {
				encoded = config.Encode(w, in, transformer.Mode{})
			}
			return []*Node{config.Logits(w, config.Decode(w, in, encoded, transformer.Mode{}))}
		})
		if err != nil {
			t.Fatal(err)
		}
		forwards[key] = forward
	}
	return func(batch transformer.Batch) [][][]float32 {
		t.Helper()
		out, err := forwards[key].Call(state.Parameters, batch)
		if err != nil {
			t.Fatal(err)
		}
		flat, dims := out[0].Data, out[0].Shape
		logits := make([][][]float32, dims[0])
		for row := range logits {
			for i := range dims[1] {
				at := (row*dims[1] + i) * dims[2]
				logits[row] = append(logits[row], flat[at:at+dims[2]])
			}
		}
		return logits
	}
}
