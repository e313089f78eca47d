package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

// randomWeights are parameters of which none is constant, so that every tensor
// of a module has a part in the gradient.
func randomWeights(t *testing.T, parameters []transformer.Param) train.Snapshot {
	t.Helper()
	snap, err := train.NewState(parameters, train.NewAdamW(), 3).Snapshot(parameters, train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 8))
	for _, p := range parameters { // in a fixed order
		data := snap.Params[p.Name].Data
		for i := range data {
			data[i] += 0.3 * float32(rng.NormFloat64())
		}
	}
	return snap
}

func ligo(t *testing.T, from, to growth.Depths, steps int, rate float64) growth.Strategy {
	t.Helper()
	var maps []growth.Map
	for i := range from {
		s, err := growth.LearnedLiGO(from[i], to[i], steps, rate)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, s.Map)
	}
	s := growth.Custom("ligo", maps[len(maps)-1], growth.Copy)
	s.Learn = &growth.Learning{Steps: steps, Rate: rate}
	if len(maps) == 2 {
		s.Encoder = maps[0]
	}
	return s
}

// learnBERT grows the BERT with dropout of this package's tests, of 2 layers.
func learnBERT(t *testing.T, b *backend.Backend, steps int, rate float64) train.Learning {
	t.Helper()
	source := model.WithLayers(2)
	perStack, err := ligo(t, growth.Depths{2}, growth.Depths{3}, steps, rate).PerStack(1)
	if err != nil {
		t.Fatal(err)
	}
	return train.Learning{
		Backend: b, Grown: model.WithLayers(3), Source: randomWeights(t, source.Parameters()), Stacks: source.Stacks(), Strategies: perStack, Seed: 5,
		Batch: batch7,
	}
}

// learnUL2 grows an encoder-decoder of 2 and 1 layers.
func learnUL2(t *testing.T, b *backend.Backend, steps int, rate float64) train.Learning {
	t.Helper()
	source := ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 19, HiddenSize: 8, HeadSize: 4, Heads: 2, IntermediateSize: 12, EncoderLayers: 2, DecoderLayers: 1,
		Activation: ul2.GatedGelu, RelativeBuckets: 8, RelativeMaxDistance: 12, NormEpsilon: 1e-6, InitializerFactor: 1, Precision: transformer.Float32,
	}
	perStack, err := ligo(t, growth.Depths{2, 1}, growth.Depths{3, 2}, steps, rate).PerStack(2)
	if err != nil {
		t.Fatal(err)
	}
	return train.Learning{
		Backend: b, Grown: source.WithLayers(3, 2), Source: randomWeights(t, source.Parameters()), Stacks: source.Stacks(), Strategies: perStack,
		Batch: func(int) (train.Batch, error) {
			batch := objective.EncoderDecoderBatch{Size: 2, InputLength: 5, TargetLength: 3, InputLengths: []int32{5, 4}, TargetLengths: []int32{3, 3}}
			for i := range 10 {
				batch.Inputs = append(batch.Inputs, int32((i*i+3)%19))
			}
			for i := range 6 {
				batch.Targets = append(batch.Targets, int32((5*i+2)%19))
				batch.DecoderInputs = append(batch.DecoderInputs, int32((7*i+1)%19))
				batch.Weights = append(batch.Weights, 1)
			}
			return ul2.EncoderDecoderInputs(batch), nil
		},
	}
}

// lossWith is the loss of the first batch with some coefficients, by growing on
// the host.
func lossWith(t *testing.T, program *train.Program, l train.Learning, modules []map[string][][]float64) float64 {
	t.Helper()
	strategies := slices.Clone(l.Strategies)
	for i, s := range strategies {
		strategies[i] = s.Learned(modules[i])
	}
	grown, err := l.Source.Grow(l.Stacks, strategies, nil)
	if err != nil {
		t.Fatal(err)
	}
	state, err := program.Restore(grown)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := l.Batch(0)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := program.Loss(t.Context(), state, []train.Batch{batch}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// TestLearningGradient holds the gradient by every coefficient against central
// differences of the loss of a model that is grown on the host.
func TestLearningGradient(t *testing.T) {
	b := testbackend.Go(t)
	bertLearning := learnBERT(t, b, 1, 0.01)
	grown := model.WithLayers(3)
	grown.HiddenDropout, grown.AttentionDropout = 0, 0
	bertLearning.Grown = grown
	for name, l := range map[string]train.Learning{"bert": bertLearning, "ul2": learnUL2(t, b, 1, 0.01)} {
		t.Run(name, func(t *testing.T) {
			program := newProgram(t, b, l.Grown, train.NewAdamW())
			loss, gradients, err := l.Gradient()
			if err != nil {
				t.Fatal(err)
			}
			start := make([]map[string][][]float64, len(l.Stacks))
			for i, s := range l.Strategies {
				start[i] = make(map[string][][]float64)
				for module := range gradients[i] {
					start[i][module] = s.Coefficients(module, l.Stacks[i].Depth)
				}
				if len(gradients[i]) < 6 {
					t.Errorf("stack %d has only the modules %v", i, gradients[i])
				}
			}
			if want := lossWith(t, program, l, start); math.Abs(loss-want) > 1e-5*want {
				t.Errorf("the loss is %v, want that of the stacked model, %v", loss, want)
			}
			const h = 0.01
			for i := range l.Stacks {
				for module, gradient := range gradients[i] {
					var difference, size float64
					for k, g := range gradient {
						x := &start[i][module][k/l.Stacks[i].Depth][k%l.Stacks[i].Depth]
						before := *x
						*x = before + h
						above := lossWith(t, program, l, start)
						*x = before - h
						below := lossWith(t, program, l, start)
						*x = before
						want := (above - below) / (2 * h)
						difference += (float64(g) - want) * (float64(g) - want)
						size += want * want
					}
					// Rounding of the two losses, at most 1e-6, is divided by 2h.
					if math.Sqrt(difference) > 1e-2*math.Sqrt(size)+2e-4 || size == 0 {
						t.Errorf("stack %d, %s: the gradient %v is %.2g from differences of norm %.2g", i, module, gradient, math.Sqrt(difference), math.Sqrt(size))
					}
				}
			}
		})
	}
}

// TestLearning: on one batch the loss falls from that of the stacked model, with
// the same bytes each time; dropout follows the seed. XLA learns for a small model,
// because of the time it takes to compile.
func TestLearning(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		models := map[string]train.Learning{"bert": learnBERT(t, b, 20, 0.02), "ul2": learnUL2(t, b, 20, 0.02)}
		if b.Kind != backend.Go {
			models = map[string]train.Learning{"tower": learnTower(t, b, 20, 0.02)}
		}
		for name, l := range models {
			do := func(l train.Learning) train.Learned {
				t.Helper()
				learned, err := l.Do(t.Context())
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				return learned
			}
			first := do(l)
			if n := len(first.Losses); n != 20 || first.Losses[n-1] > 0.9*first.Losses[0] {
				t.Errorf("%s: the losses are %v, want 20 that fall", name, first.Losses)
			}
			if again := do(l); !reflect.DeepEqual(first, again) {
				t.Errorf("%s: learned twice, the coefficients differ", name)
			}
			if name == "bert" {
				l.Seed++
				if reflect.DeepEqual(first.Losses, do(l).Losses) {
					t.Errorf("%s: another seed gives the same dropout", name)
				}
			}
			for i, s := range first.Strategies {
				if s.Learn != nil || len(s.CombineModules) == 0 || !slices.Equal(s.Map, l.Strategies[i].Map) {
					t.Errorf("%s: stack %d is grown by %s", name, i, s.Key())
				}
			}
			grown, err := l.Source.Grow(l.Stacks, first.Strategies, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := grown.Restore(l.Grown.Parameters(), train.NewAdamW()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestLearningOneStack: a stack that does not grow keeps its layers.
func TestLearningOneStack(t *testing.T) {
	l := learnUL2(t, testbackend.Go(t), 2, 0.1)
	kept := growth.Custom("kept", growth.Map{0, 1}, growth.Copy)
	l.Strategies[0] = kept
	l.Grown = l.Grown.(ul2.Config).WithLayers(2, 2)
	learned, err := l.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(learned.Strategies[0], kept) || learned.Strategies[1].CombineModules == nil {
		t.Errorf("learned %+v", learned.Strategies)
	}
	l.Strategies[0].Map = growth.Map{1, 0}
	if _, err := l.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "moves layers") {
		t.Errorf("a map that moves layers: %v", err)
	}
}

// TestNothingToLearn: strategies without instructions come back as they are.
func TestNothingToLearn(t *testing.T) {
	l := learnBERT(t, nil, 1, 0.01)
	l.Strategies[0].Learn = nil
	learned, err := l.Do(t.Context())
	if err != nil || !reflect.DeepEqual(learned.Strategies, l.Strategies) || learned.Losses != nil {
		t.Errorf("got %+v, %v", learned, err)
	}
}

func TestLearningErrors(t *testing.T) {
	b := testbackend.Go(t)
	const query = "bert.encoder.layer.1.attention.self.query.weight"
	for want, change := range map[string]func(*train.Learning){
		"lower the rate of learn, 0.01":                              func(l *train.Learning) { l.Source.Params[query].Data[0] = float32(math.NaN()) },
		"no parameter " + query:                                      func(l *train.Learning) { delete(l.Source.Params, query) },
		"1 stack of layers, and the number of strategies given is 0": func(l *train.Learning) { l.Strategies = nil },
		"needs a backend":                                            func(l *train.Learning) { l.Backend = nil },
		"give the model of that depth":                               func(l *train.Learning) { l.Grown = model.WithLayers(4) },
		"step 0: no more data": func(l *train.Learning) {
			l.Batch = func(int) (train.Batch, error) { return nil, errors.New("no more data") }
		},
		"learn has 0 steps":                 func(l *train.Learning) { l.Strategies[0].Learn.Steps = 0 },
		"sizes of at most 1000; lower the ": func(l *train.Learning) { l.Strategies[0].Learn.Rate = 1e4 },
	} {
		l := learnBERT(t, b, 1, 0.01)
		change(&l)
		learned, err := l.Do(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, want)
		}
		if err != nil && learned.Losses != nil {
			t.Errorf("%q: losses came with the error", want)
		}
	}
}

func TestLearningIsCancelled(t *testing.T) {
	l := learnBERT(t, testbackend.Go(t), 100, 0.01)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	batch, asked := l.Batch, 0
	l.Batch = func(step int) (train.Batch, error) {
		if asked++; step == 2 {
			cancel(stop)
		}
		return batch(step)
	}
	if _, err := l.Do(ctx); !errors.Is(err, stop) || asked != 3 {
		t.Errorf("got error %v after %d batches, want %v after 3", err, asked, stop)
	}
}
