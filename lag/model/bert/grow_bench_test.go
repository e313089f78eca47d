package bert_test

import (
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

// BenchmarkGrow measures growing BERT-Base with AdamW's moments from 6 to 12
// layers, from state to state in host memory:
//
//	go test ./lag/model/bert -run '^$' -bench Grow -benchtime 3x
func BenchmarkGrow(b *testing.B) {
	source, grown := bert.New(6, 768, 12, 30522, 128), bert.New(12, 768, 12, 30522, 128)
	snap := train.Snapshot{Updates: map[string]int{}, Optimizer: train.NewAdamW().Name()}
	snap.Params, snap.Moments = growth.Tensors{}, map[string]growth.Tensors{"first": {}, "second": {}}
	for _, p := range source.Parameters() {
		size := 1
		for _, axis := range p.Shape {
			size *= axis
		}
		for _, of := range []growth.Tensors{snap.Params, snap.Moments["first"], snap.Moments["second"]} {
			data := make([]float32, size)
			for i := range data {
				data[i] = float32(i%1000) / 1000
			}
			of[p.Name] = growth.Tensor{Shape: p.Shape, Data: data}
		}
		snap.Updates[p.Name] = 1000
	}
	pool, err := growth.NewPoolFor(growth.Depths{6}, growth.Depths{12}, &growth.Options{Moments: growth.MomentsCopy, GateSteps: 10})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"stack", "stack-zero", "interpolate", "random-top"} {
		strategy, ok := pool.ByName(name)
		if !ok {
			continue
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := snap.Grow(source.Stacks(), []growth.Strategy{strategy}, trained.Initializer(grown, 1)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
