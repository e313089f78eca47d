package bert_test

import (
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

// BenchmarkEvaluation measures a training step and an evaluation on eight
// batches at the size of the study quick, on the backend of $LAG_BACKEND. Their
// ratio is what an evaluation costs a study:
//
//	LAG_REQUIRE_XLA=1 LAG_BACKEND=xla:cpu go test ./lag/model/bert -run '^$' -bench Evaluation
func BenchmarkEvaluation(b *testing.B) {
	const layers, hidden, vocab, size, length = 6, 48, 512, 64, 32
	engine, err := backend.Open(backend.Auto)
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Finalize()
	config := bert.New(layers, hidden, 4, vocab, length)
	config.Positions = bert.Relative
	program, err := train.NewProgram(engine, config, train.NewAdamW())
	if err != nil {
		b.Fatal(err)
	}
	state := program.NewState(1)
	gates := []float32{1, 1, 1, 1, 1, 1}
	var set []train.Batch
	for range 8 {
		set = append(set, bert.Inputs(randomBatch(size, length, vocab)))
	}
	for _, what := range []struct {
		name string
		do   func() error
	}{
		{"step", func() error {
			_, err := program.Step(state, train.Step{Batches: set[:1], Rate: 1e-3, Gates: gates})
			return err
		}},
		{"evaluation", func() error {
			_, err := program.Loss(b.Context(), state, set, gates)
			return err
		}},
	} {
		b.Run(what.name, func(b *testing.B) {
			if err := what.do(); err != nil { // compiles
				b.Fatal(err)
			}
			for b.Loop() {
				if err := what.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
