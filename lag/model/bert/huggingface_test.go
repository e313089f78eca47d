package bert_test

import (
	"encoding/json"
	"hash/crc32"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// The shape of the model in testdata/huggingface.py.
const hfBatch, hfLength, hfLayers = 4, 11, 2

func hfConfig(preNorm, nextSentence bool) bert.Config {
	config := bert.New(hfLayers, 16, 4, 37, 14)
	config.IntermediateSize, config.HiddenDropout, config.AttentionDropout = 40, 0.1, 0.1
	config.PreNorm, config.NextSentence = preNorm, nextSentence
	return config
}

type hfReference struct {
	Inputs struct {
		InputIDs      [][]int32   `json:"input_ids"`
		TokenTypes    [][]int32   `json:"token_type_ids"`
		AttentionMask [][]int32   `json:"attention_mask"`
		Positions     [][]int32   `json:"positions"`
		Labels        [][]int32   `json:"labels"`
		Weights       [][]float32 `json:"weights"`
		NextSentence  []int32     `json:"next_sentence_label"`
	} `json:"inputs"`
	Runs []hfRun `json:"runs"`
}

type hfRun struct {
	Model        string    `json:"model"`
	PreNorm      bool      `json:"pre_norm"`
	NextSentence bool      `json:"next_sentence"`
	Parameters   int       `json:"parameters"`
	Loss         float64   `json:"loss"`
	GradientNorm float64   `json:"gradient_norm"`
	Logits       []float32 `json:"logits"`
}

func readHFReference(t *testing.T) (ref hfReference) {
	t.Helper()
	text, err := os.ReadFile("testdata/huggingface.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Runs) != 4 {
		t.Fatalf("the reference has %d runs, want 4", len(ref.Runs))
	}
	return ref
}

// batch returns the reference's batch in new tensors.
func (ref hfReference) batch() train.Batch {
	in := ref.Inputs
	return train.Batch{
		bert.InputIDs: tensors.FromValue(in.InputIDs), bert.TokenTypes: tensors.FromValue(in.TokenTypes),
		bert.AttentionMask: tensors.FromValue(in.AttentionMask), bert.PositionsName: tensors.FromValue(in.Positions),
		bert.Labels: tensors.FromValue(in.Labels), bert.WeightsName: tensors.FromValue(in.Weights),
		bert.NextSentence: tensors.FromValue(in.NextSentence),
	}
}

// hfWeights computes the same weights as testdata/huggingface.py.
func hfWeights(parameters []transformer.Param) *train.State {
	state := train.NewState(parameters, train.NewAdamW(), 0)
	for index, p := range parameters {
		phase := float64(crc32.ChecksumIEEE([]byte(p.Name)) % 1000)
		values := make([]float32, p.Size())
		for i := range values {
			x := 0.2 * math.Sin(phase+1.3*float64(i))
			if len(p.Shape) == 1 && strings.HasSuffix(p.Name, ".weight") {
				x = 1 + 0.1*x
			}
			values[i] = float32(x)
		}
		state.Parameters[index] = tensors.FromFlatDataAndDimensions(values, p.Shape...)
	}
	return state
}

// forward returns a function that runs a model without dropout on token ids,
// types and mask. It returns the logits of the masked language model at every
// position [B, L, V] and, with the head, the logits of the next sentence [B,
// 2].
func forward(t *testing.T, b *backend.Backend, config bert.Config) func(state *train.State, batch train.Batch) [][]float32 {
	t.Helper()
	parameters, names := config.Parameters(), []string{bert.InputIDs, bert.TokenTypes, bert.AttentionMask}
	forward, err := train.NewForward(b, parameters, names, func(w transformer.Weights, in transformer.Inputs) []*Node {
		hidden := config.Encode(w, in, transformer.Mode{})
		out := []*Node{config.Predict(w, Reshape(hidden, hidden.Shape().Size()/config.HiddenSize, config.HiddenSize))}
		if config.NextSentence {
			out = append(out, config.PredictNextSentence(w, hidden))
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(state *train.State, batch train.Batch) [][]float32 {
		out, err := forward.Call(state.Parameters, batch)
		if err != nil {
			t.Fatal(err)
		}
		var flat [][]float32
		for _, o := range out {
			flat = append(flat, o.Data)
		}
		return flat
	}
}

// TestAgainstTransformers compares logits, loss and gradient norm with those of
// Hugging Face's models with the same weights, on a batch with token types and
// padding.
func TestAgainstTransformers(t *testing.T) {
	ref := readHFReference(t)
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, run := range ref.Runs {
			t.Run(run.Model, func(t *testing.T) {
				config := hfConfig(run.PreNorm, run.NextSentence)
				if got := config.ParameterCount(); got != run.Parameters {
					t.Errorf("%d parameters, the reference has %d", got, run.Parameters)
				}
				state := hfWeights(config.Parameters())
				out := forward(t, b, config)(state, ref.batch())
				if d := greatest(out[len(out)-1], run.Logits); d > 1e-5 {
					t.Errorf("a logit differs by %g", d)
				}
				if b.Kind != backend.Go && !run.NextSentence {
					return // XLA takes a second to compile a gradient; gradients of the other runs include this loss
				}
				testbackend.Slow(t, b)
				// The reference has no dropout.
				config.HiddenDropout, config.AttentionDropout = 0, 0
				batch := ref.batch()
				if !run.NextSentence {
					delete(batch, bert.NextSentence)
				}
				loss, norm, _ := gradient(t, b, config, batch)
				if math.Abs(norm-run.GradientNorm) > 1e-5*run.GradientNorm {
					t.Errorf("gradient norm %v, the reference has %v", norm, run.GradientNorm)
				}
				// The reported loss is that of the masked language model;
				// transformers reports the sum.
				mlm := ref.Runs[slices.IndexFunc(ref.Runs, func(r hfRun) bool {
					return r.PreNorm == run.PreNorm
				})].Loss
				if math.Abs(loss-mlm) > 1e-5 {
					t.Errorf("loss %v, the reference has %v", loss, mlm)
				}
			})
		}
	})
}

// gradient returns the results of a training step with seed 1 from the
// reference's weights: the loss, the norm of the gradient and, for each
// parameter, the gradient clipped to norm 1. The pure-Go engine runs the whole
// step. XLA takes longer to compile the optimizer than the model, so it
// computes only the gradient.
func gradient(t *testing.T, b *backend.Backend, config bert.Config, batch train.Batch) (loss, norm float64, clipped [][]float32) {
	t.Helper()
	parameters, state := config.Parameters(), hfWeights(config.Parameters())
	if b.Kind == backend.Go {
		update, err := newProgram(t, b, config).Step(state, train.Step{Batches: []train.Batch{batch}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, moments := range state.Moments {
			first := tensors.MustCopyFlatData[float32](moments[0]) // 0.1 times the clipped gradient
			for i := range first {
				first[i] *= 10
			}
			clipped = append(clipped, first)
		}
		return update.Loss, update.GradientNorm, clipped
	}
	names := slices.Sorted(maps.Keys(batch))
	var args []any
	for _, p := range state.Parameters {
		args = append(args, p)
	}
	for _, name := range names {
		args = append(args, batch[name])
	}
	out, err := CallOnceN(b.Backend, func(args []*Node) []*Node {
		n, in := len(parameters), make(transformer.Inputs)
		for i, name := range names {
			in[name] = args[n+i]
		}
		mode := transformer.Mode{Dropout: transformer.NewDropout(args[len(args)-1])}
		var means []*Node
		total := ScalarZero(args[0].Graph(), dtypes.Float32)
		for _, term := range config.Loss(transformer.NewWeights(parameters, args[:n]), in, mode) {
			means = append(means, Div(term.Sum, term.Count))
			total = Add(total, means[len(means)-1])
		}
		return append([]*Node{means[0]}, Gradient(total, args[:n]...)...)
	}, append(args, []uint64{1, 2, 3})...)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range out[1:] {
		clipped = append(clipped, tensors.MustCopyFlatData[float32](g))
	}
	for _, g := range clipped {
		for _, x := range g {
			norm += float64(x) * float64(x)
		}
	}
	norm = math.Sqrt(norm)
	for _, g := range clipped {
		for i := range g {
			g[i] /= float32(max(norm, 1))
		}
	}
	return float64(tensors.ToScalar[float32](out[0])), norm, clipped
}

// greatest returns the greatest absolute difference.
func greatest(x, y []float32) float64 {
	if len(x) != len(y) {
		return math.Inf(1)
	}
	greatest := 0.0
	for i := range x {
		greatest = max(greatest, math.Abs(float64(x[i])-float64(y[i])))
	}
	return greatest
}
