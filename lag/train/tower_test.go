package train_test

import (
	"fmt"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// tower is a small stack of residual layers with dropout and gates. It takes the
// batches of this package's BERT, and on XLA its place: of a BERT, a training
// step takes seconds to compile.
type tower struct{ layers int }

const towerPrefix = "tower.layer."

func (m tower) Family() string         { return "tower" }
func (m tower) Validate() error        { return nil }
func (m tower) Stacks() []growth.Stack { return []growth.Stack{{Prefix: towerPrefix, Depth: m.layers}} }

func (m tower) Parameters() []transformer.Param {
	list := []transformer.Param{{Name: "embedding", Shape: []int{19, 4}, Init: transformer.TruncatedNormal(0.3), Decay: true}}
	for i := range m.layers {
		list = append(list,
			transformer.Param{Name: fmt.Sprintf("%s%d.dense.weight", towerPrefix, i), Shape: []int{4, 4}, Init: transformer.TruncatedNormal(1), Decay: true},
			transformer.Param{Name: fmt.Sprintf("%s%d.dense.bias", towerPrefix, i), Shape: []int{4}, Init: transformer.ZeroInit})
	}
	return list
}

func (m tower) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	embedding := w.Get("embedding")
	x_BxLxH := Gather(embedding, InsertAxes(in[bert.InputIDs], -1))
	x_NxH := bert.TakePositions(x_BxLxH, in[bert.PositionsName])
	for i := range m.layers {
		weight, bias := w.Get(fmt.Sprintf("%s%d.dense.weight", towerPrefix, i)), w.Get(fmt.Sprintf("%s%d.dense.bias", towerPrefix, i))
		y_NxH := Tanh(transformer.AddBias(Dot(x_NxH, weight).Product(), bias))
		y_NxH = Add(x_NxH, mode.Dropout.Apply(y_NxH, 0.1))
		if g := mode.Gate(i); g != nil {
			y_NxH = transformer.Gate(g, x_NxH, y_NxH)
		}
		x_NxH = y_NxH
	}
	logits_NxV := DotGeneral(x_NxH, []int{1}, nil, embedding, []int{1}, nil)
	n := logits_NxV.Shape().Dimensions[0]
	loss, count := transformer.CrossEntropy(logits_NxV, Reshape(in[bert.Labels], n), Reshape(in[bert.WeightsName], n))
	return []transformer.Term{{Name: "tower", Sum: loss, Count: count}}
}

// learnTower grows a tower of 2 layers.
func learnTower(t *testing.T, b *backend.Backend, steps int, rate float64) train.Learning {
	t.Helper()
	source := tower{2}
	perStack, err := ligo(t, growth.Depths{2}, growth.Depths{3}, steps, rate).PerStack(1)
	if err != nil {
		t.Fatal(err)
	}
	return train.Learning{
		Backend: b, Grown: tower{3}, Source: randomWeights(t, source.Parameters()), Stacks: source.Stacks(), Strategies: perStack, Seed: 5,
		Batch: batch7,
	}
}

// batch7 is the batch that BERT and tower learn from at every step.
func batch7(int) (train.Batch, error) {
	batches, err := batchOf(7)
	return batches[0], err
}
