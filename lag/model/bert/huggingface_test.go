package bert_test

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// The model of testdata/huggingface.py.
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
		t.Fatalf("the reference holds %d runs, want 4", len(ref.Runs))
	}
	return ref
}

// batch returns the reference's batch, new tensors each time.
func (ref hfReference) batch() train.Batch {
	in := ref.Inputs
	return train.Batch{
		bert.InputIDs: tensors.FromValue(in.InputIDs), bert.TokenTypes: tensors.FromValue(in.TokenTypes),
		bert.AttentionMask: tensors.FromValue(in.AttentionMask), bert.PositionsName: tensors.FromValue(in.Positions),
		bert.Labels: tensors.FromValue(in.Labels), bert.WeightsName: tensors.FromValue(in.Weights),
		bert.NextSentence: tensors.FromValue(in.NextSentence),
	}
}

// hfWeights computes the weights as testdata/huggingface.py does.
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

// forward runs a model without dropout on token ids, types and mask, and
// returns the logits of the masked language model at every position [B, L, V]
// and, with the head, those of the next sentence [B, 2].
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
// Hugging Face's models for the same weights and a batch with token types and padding.
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
					return // XLA takes seconds to compile a step; the other runs' have this loss in them
				}
				// Dropout is off, for transformers' is.
				config.HiddenDropout, config.AttentionDropout = 0, 0
				program := newProgram(t, b, config)
				batch := ref.batch()
				if !run.NextSentence {
					delete(batch, bert.NextSentence)
				}
				update, err := program.Step(state, train.Step{Batches: []train.Batch{batch}})
				if err != nil {
					t.Fatal(err)
				}
				if norm := run.GradientNorm; math.Abs(update.GradientNorm-norm) > 1e-5*norm {
					t.Errorf("gradient norm %v, the reference has %v", update.GradientNorm, norm)
				}
				// The loss reported is the masked language model's; transformers' is the sum.
				mlm := ref.Runs[slices.IndexFunc(ref.Runs, func(r hfRun) bool {
					return r.PreNorm == run.PreNorm
				})].Loss
				if math.Abs(update.Loss-mlm) > 1e-5 {
					t.Errorf("loss %v, the reference has %v", update.Loss, mlm)
				}
			})
		}
	})
}

// greatest is the greatest absolute difference.
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
