package train_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// wholeOnly is a model whose loss is not that of parts of a batch.
type wholeOnly struct{ bert.Config }

func (m wholeOnly) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	mode.Parts = 0
	return m.Config.Loss(w, in, mode)
}

// maskedBatch returns a batch of the model of TestEvaluationTogether.
func maskedBatch(seed int32) train.Batch {
	const B, L, P = 3, 8, 2
	var tokens, positions, labels []int32
	var weights []float32
	for i := range int32(B * L) {
		tokens = append(tokens, (seed*31+i*i*7+i)%32)
	}
	for i := range int32(B * P) {
		positions, labels, weights = append(positions, (i+seed)%L), append(labels, (5*i+seed)%32), append(weights, float32((i+seed)%3)/2)
	}
	return train.Batch{
		bert.InputIDs: tensors.FromFlatDataAndDimensions(tokens, B, L), bert.PositionsName: tensors.FromFlatDataAndDimensions(positions, B, P),
		bert.Labels: tensors.FromFlatDataAndDimensions(labels, B, P), bert.WeightsName: tensors.FromFlatDataAndDimensions(weights, B, P),
	}
}

// TestEvaluationTogether compares the losses of batches that are evaluated in one
// execution with those of each alone, also for a model that gives only the loss
// of a whole batch, and for batches of different shapes.
func TestEvaluationTogether(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		config := bert.New(2, 8, 2, 32, 8)
		var batches []train.Batch
		for seed := range int32(6) {
			batches = append(batches, maskedBatch(seed))
		}
		for name, model := range map[string]train.Model{"parts": config, "whole": wholeOnly{config}} {
			program := newProgram(t, b, model, train.NewAdamW())
			state := program.NewState(1)
			for _, gates := range [][]float32{nil, {0.5, 1}} {
				mean, each, err := program.Losses(t.Context(), state, batches, gates)
				if err != nil {
					t.Fatal(err)
				}
				if n, want := program.Together(batches), map[string]int{"parts": 6, "whole": 1}[name]; n != want {
					t.Errorf("%s: %d batches in one execution, want %d", name, n, want)
				}
				if len(each) != len(batches) {
					t.Fatalf("%s: %d losses for %d batches", name, len(each), len(batches))
				}
				for i := range batches {
					alone, err := program.Loss(t.Context(), state, batches[i:i+1], gates)
					if err != nil {
						t.Fatal(err)
					}
					if math.Abs(alone-each[i]) > 1e-6*alone {
						t.Errorf("%s, batch %d: %v together with others, %v alone", name, i, each[i], alone)
					}
				}
				five, err := program.Loss(t.Context(), state, batches[:5], gates)
				if err != nil || five == mean {
					t.Errorf("%s: five batches have the loss %v, %v", name, five, err)
				}
			}
			split, err := batches[0].Split(3)
			if err != nil {
				t.Fatal(err)
			}
			if mixed, err := program.Loss(t.Context(), state, []train.Batch{batches[1], split[0]}, nil); err != nil || !(mixed > 0) {
				t.Errorf("%s: batches of different sizes have the loss %v, %v", name, mixed, err)
			}
		}
	})
}
