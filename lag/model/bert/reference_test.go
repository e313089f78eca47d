package bert_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// The shape of the model in testdata/reference.py.
const (
	refVocab, refHidden, refLayers, refHeads = 37, 16, 2, 4
	refLength, refBatch, refPredictions      = 12, 3, 2
	refRate                                  = 5e-3
)

type reference struct {
	Runs []struct {
		Positions     string    `json:"positions"`
		Losses        []float64 `json:"losses"`
		GradientNorms []float64 `json:"gradient_norms"`
		Logits        []float64 `json:"logits"`
	} `json:"runs"`
}

// referenceWeights computes the same weights as testdata/reference.py.
func referenceWeights(parameters []transformer.Param) *train.State {
	state := train.NewState(parameters, train.NewAdamW(), 0)
	for index, p := range parameters {
		values := make([]float32, p.Size())
		for i := range values {
			x := 0.2 * math.Sin(1+0.7*float64(index)+1.3*float64(i)+0.01*float64(index)*float64(i))
			if strings.HasSuffix(p.Name, "LayerNorm.weight") {
				x = 1 + 0.1*x
			}
			values[i] = float32(x)
		}
		state.Parameters[index] = tensors.FromFlatDataAndDimensions(values, p.Shape...)
	}
	return state
}

func referenceBatch(step int) objective.MLMBatch {
	b := objective.MLMBatch{Size: refBatch, Length: refLength, Predictions: refPredictions}
	for r := range refBatch {
		for l := range refLength {
			b.Tokens = append(b.Tokens, int32((7*l+11*r+5*step+l*r)%refVocab))
		}
		for j := range refPredictions {
			position := (2 + 5*j + r + step) % refLength
			b.Positions = append(b.Positions, int32(position))
			b.Labels = append(b.Labels, int32((3*position+13*r+step)%refVocab))
			b.Weights = append(b.Weights, 1)
		}
	}
	b.Weights[len(b.Weights)-1] = 0
	return b
}

func referenceConfig(positions bert.Positions) bert.Config {
	config := bert.New(refLayers, refHidden, refHeads, refVocab, refLength)
	config.Positions = positions
	return config
}

// TestAgainstPyTorch compares the logits of the first batch, and the losses and
// gradient norms of ten training steps, with those of an independent PyTorch
// model with the same weights and batches.
func TestAgainstPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Runs) != 2 {
		t.Fatalf("the reference has %d runs, want 2", len(ref.Runs))
	}
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		for _, run := range ref.Runs {
			t.Run(run.Positions, func(t *testing.T) {
				config := referenceConfig(bert.Positions(run.Positions))
				state := referenceWeights(config.Parameters())
				for i, got := range logits(t, b, config, state, referenceBatch(0)) {
					if math.Abs(float64(got)-run.Logits[i]) > 1e-5 {
						t.Fatalf("logit %d: got %v, PyTorch has %v", i, got, run.Logits[i])
					}
				}
				program, err := train.NewProgram(b, config, train.NewAdamW())
				if err != nil {
					t.Fatal(err)
				}
				for step, want := range run.Losses {
					update, err := program.Step(state, train.Step{Batches: []train.Batch{bert.Inputs(referenceBatch(step % 3))}, Rate: refRate, Gates: open(refLayers)})
					if err != nil {
						t.Fatal(err)
					}
					if math.Abs(update.Loss-want) > 1e-4 {
						t.Errorf("step %d: loss %v, PyTorch has %v", step, update.Loss, want)
					}
					if norm := run.GradientNorms[step]; math.Abs(update.GradientNorm-norm) > 1e-3*norm {
						t.Errorf("step %d: gradient norm %v, PyTorch has %v", step, update.GradientNorm, norm)
					}
				}
			})
		}
	})
}

func logits(t *testing.T, b *backend.Backend, config bert.Config, state *train.State, batch objective.MLMBatch) []float32 {
	t.Helper()
	forward, err := train.NewForward(b, config.Parameters(), []string{bert.InputIDs, bert.PositionsName}, func(w transformer.Weights, in transformer.Inputs) []*Node {
		hidden := config.Encode(w, in, transformer.Mode{})
		return []*Node{config.Predict(w, bert.TakePositions(hidden, in[bert.PositionsName]))}
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := forward.Call(state.Parameters, bert.Inputs(batch))
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Data
}

func open(layers int) []float32 {
	gates := make([]float32, layers)
	for i := range gates {
		gates[i] = 1
	}
	return gates
}
