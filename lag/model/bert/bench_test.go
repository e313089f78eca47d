package bert_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

// randomBatch returns a batch of random tokens, a seventh of them predicted.
func randomBatch(size, length, vocab int) objective.MLMBatch {
	rng := rand.New(rand.NewPCG(1, 2))
	P := (length + 6) / 7
	b := objective.MLMBatch{Size: size, Length: length, Predictions: P}
	for range size * length {
		b.Tokens = append(b.Tokens, rng.Int32N(int32(vocab)))
	}
	for range size {
		for _, p := range rng.Perm(length)[:P] {
			b.Positions = append(b.Positions, int32(p))
			b.Labels = append(b.Labels, rng.Int32N(int32(vocab)))
			b.Weights = append(b.Weights, 1)
		}
	}
	return b
}

// peak returns the greatest memory of the process so far, in megabytes, or 0
// where Linux's file is missing.
func peak() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	var kilobytes float64
	if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
		fmt.Sscan(rest, &kilobytes)
	}
	return kilobytes / 1000
}

// BenchmarkStep measures a training step, forward, backward and AdamW, on the
// backend of $LAG_BACKEND:
//
//	LAG_BACKEND=xla:cpu go test ./lag/model/bert -run '^$' -bench Step
func BenchmarkStep(b *testing.B) {
	for _, shape := range []struct {
		name                 string
		layers, hidden       int
		vocab, batch, length int
		positions            bert.Positions
	}{
		{"quick", 6, 48, 512, 64, 32, bert.Relative},
		{"quick-learned", 6, 48, 512, 64, 32, bert.Learned},
		{"toy", 6, 64, 1024, 32, 64, bert.Learned},
		{"mini", 4, 256, 8192, 16, 128, bert.Learned},
		{"small", 4, 512, 30522, 8, 128, bert.Learned},
		{"base", 12, 768, 30522, 8, 128, bert.Learned},
	} {
		b.Run(shape.name, func(b *testing.B) {
			engine, err := backend.Open(backend.Auto)
			if err != nil {
				b.Fatal(err)
			}
			defer engine.Finalize()
			config := bert.New(shape.layers, shape.hidden, max(4, shape.hidden/64), shape.vocab, shape.length)
			config.Positions = shape.positions
			program, err := train.NewProgram(engine, config, train.NewAdamW())
			if err != nil {
				b.Fatal(err)
			}
			state := program.NewState(1)
			batch := bert.Inputs(randomBatch(shape.batch, shape.length, shape.vocab))
			gates := make([]float32, shape.layers)
			for i := range gates {
				gates[i] = 1
			}
			step := func(batch train.Batch) {
				if _, err := program.Step(state, train.Step{Batches: []train.Batch{batch}, Rate: 1e-3, Gates: gates}); err != nil {
					b.Fatal(err)
				}
			}
			begin := time.Now()
			step(batch) // compiles
			first := time.Since(begin)
			for b.Loop() {
				step(batch)
			}
			tokens := float64(b.N * shape.batch * shape.length)
			b.ReportMetric(tokens/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(first.Seconds(), "s/first")
			b.ReportMetric(peak(), "MB")
			b.ReportMetric(0, "ns/op")
			b.Logf("%d parameters", config.ParameterCount())
		})
	}
}
