package hf_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

// reference is what testdata/make.py writes.
type reference struct {
	InputIDs        []int32 `json:"input_ids"`
	AttentionMask   []int32 `json:"attention_mask"`
	TokenTypes      []int32 `json:"token_type_ids"`
	DecoderInputIDs []int32 `json:"decoder_input_ids"`
	Shape           [3]int  `json:"shape"` // sequences, tokens, tokens of the decoder
	Models          map[string]struct {
		Logits       []float64 `json:"logits"`
		NextSentence []float64 `json:"next_sentence"`
	} `json:"models"`
}

func loadReference(t *testing.T) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/logits.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Models) != 7 {
		t.Fatalf("the reference has %d models, want 7", len(r.Models))
	}
	return r
}

// inputs returns the reference's batch.
func (r reference) inputs() transformer.Batch {
	B, L, T := r.Shape[0], r.Shape[1], r.Shape[2]
	return transformer.Batch{
		bert.InputIDs:       tensors.FromFlatDataAndDimensions(r.InputIDs, B, L),
		bert.AttentionMask:  tensors.FromFlatDataAndDimensions(r.AttentionMask, B, L),
		bert.TokenTypes:     tensors.FromFlatDataAndDimensions(r.TokenTypes, B, L),
		ul2.DecoderInputIDs: tensors.FromFlatDataAndDimensions(r.DecoderInputIDs, B, T),
	}
}

// outputs returns the logits of a model for the reference's batch, and those of
// the next sentence where it has that head.
func (r reference) outputs(t *testing.T, b *backend.Backend, m *hf.Model) (logits, nextSentence []float32) {
	t.Helper()
	parameters := m.Config.Parameters()
	batch := r.inputs()
	names := []string{bert.InputIDs, bert.AttentionMask, bert.TokenTypes, ul2.DecoderInputIDs}
	forward, err := train.NewForward(b, parameters, names, func(w transformer.Weights, in transformer.Inputs) []*Node {
		switch c := m.Config.(type) {
		case bert.Config:
			hidden := c.Encode(w, in, transformer.Mode{})
			out := []*Node{c.Predict(w, Reshape(hidden, r.Shape[0]*r.Shape[1], c.HiddenSize))}
			if c.NextSentence {
				out = append(out, c.PredictNextSentence(w, hidden))
			}
			return out
		case ul2.Config:
			encoded := c.Encode(w, in, transformer.Mode{})
			return []*Node{c.Logits(w, c.Decode(w, in, encoded, transformer.Mode{}))}
		}
		panic("a model of another family")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer forward.Finalize()
	var values []*tensors.Tensor
	for _, p := range parameters {
		values = append(values, tensors.FromFlatDataAndDimensions(slices.Clone(m.Params[p.Name].Data), p.Shape...))
	}
	out, err := forward.Call(values, batch)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 1 {
		nextSentence = out[1].Data
	}
	return out[0].Data, nextSentence
}

// check compares values with transformers'; where padded, but for the rows of padding.
func (r reference) check(t *testing.T, what string, got []float32, want []float64, padded bool) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d values, transformers has %d", what, len(got), len(want))
	}
	var worst float64
	row := len(got) / len(r.AttentionMask)
	for i, x := range got {
		if padded && r.AttentionMask[i/row] == 0 {
			continue
		}
		worst = max(worst, math.Abs(float64(x)-want[i]))
	}
	if !(worst < 1e-5) { // the reference is rounded to 6 decimals
		t.Errorf("%s: differs by %g", what, worst)
	}
}

// TestLogits compares the outputs of transformers' models with those of the same
// checkpoints here.
func TestLogits(t *testing.T) {
	r := loadReference(t)
	check := func(t *testing.T, b *backend.Backend, name string) {
		m, err := hf.Load(t.Context(), filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		logits, nextSentence := r.outputs(t, b, m)
		_, isBERT := m.Config.(bert.Config)
		r.check(t, "logits", logits, r.Models[name].Logits, isBERT)
		if want := r.Models[name].NextSentence; name == "bert-pretraining" {
			r.check(t, "next sentence", nextSentence, want, false)
		}
	}
	for name := range r.Models {
		t.Run("go/"+name, func(t *testing.T) { check(t, testbackend.Go(t), name) })
	}
	for _, name := range []string{"bert-pretraining", "t5"} { // the smallest program takes XLA seconds to compile
		t.Run("xla/"+name, func(t *testing.T) { check(t, testbackend.XLA(t), name) })
	}
}
