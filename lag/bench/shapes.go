package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
)

// A shape is a model with its batches, which all contestants train.
type shape struct {
	name   string
	about  string // for the table
	model  model.Config
	rate   float64
	tokens int // of a batch, inputs and targets

	batches func(n int) ([]transformer.Batch, error)

	step   float64  // seconds of a step on two cores, for the estimate of the time
	memory float64  // MB of a contestant, about, to decide how many can be in memory together
	study  []string // flags of lag study for this shape; nil where there is no study

	flops  float64 // floating-point operations of a step, forward and backward
	agreed float64 // greatest relative difference of the losses of the first steps
}

// agreed is the greatest relative difference of losses in float32.
const agreed = 1e-4

// batchesOfShape is the number of different batches, which a run goes through
// again and again.
const batchesOfShape = 4

// shapes lists the shapes, the smallest first.
func shapes() ([]shape, error) {
	list := []shape{
		bertShape("quick", 6, 48, 4, 512, 64, 32, bert.Relative, 1e-3),
		bertShape("toy", 6, 64, 4, 1024, 32, 64, bert.Learned, 1e-3),
		bertShape("mini", 4, 256, 4, 8192, 16, 128, bert.Learned, 5e-4),
		bertShape("small", 4, 512, 8, 30522, 8, 128, bert.Learned, 2e-4),
		bertShape("base", 12, 768, 12, 30522, 8, 128, bert.Learned, 1e-4),
	}
	estimates := []struct{ step, memory float64 }{{0.05, 900}, {0.07, 900}, {0.35, 1300}, {0.6, 2200}, {4.5, 4200}}
	for i, e := range estimates {
		list[i].step, list[i].memory = e.step, e.memory
	}
	// Where they differ from the preset quick.
	list[0].study = []string{}
	list[1].study = []string{"-hidden", "64", "-vocab", "1024", "-length", "64", "-batch", "32", "-positions", "learned"}
	list[2].study = []string{"-from", "2", "-to", "4", "-hidden", "256", "-vocab", "8192", "-length", "128", "-batch", "16", "-positions", "learned"}
	tiny, err := ul2Shape()
	return append(list, tiny, gpuShape(256, 128), gpuShape(64, 512)), err
}

// gpuShape is BERT-Base in bfloat16. Its losses agree as far as rounding to eight
// bits lets them.
func gpuShape(batch, length int) shape {
	s := bertShape(fmt.Sprintf("gpu-%d", length), 12, 768, 12, 30522, batch, length, bert.Learned, 1e-4)
	config := s.model.(bert.Config)
	config.Precision = transformer.BFloat16
	s.model, s.agreed, s.step, s.memory = config, 1e-2, 0.2, 6000
	s.about += ", bfloat16"
	return s
}

// named returns the shapes with the given names, in the order of shapes.
func named(list []shape, names []string) ([]shape, error) {
	var known []string
	for _, s := range list {
		known = append(known, s.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no shape %q; they are %q", name, known)
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(s shape) bool { return !slices.Contains(names, s.name) }), nil
}

func bertShape(name string, layers, hidden, heads, vocab, batch, length int, positions bert.Positions, rate float64) shape {
	config := bert.New(layers, hidden, heads, vocab, length)
	config.Positions = positions
	return shape{
		name: name, model: config, rate: rate, tokens: batch * length, agreed: agreed,
		flops: config.FLOPsPerStep(batch, length, predictions(length)),
		about: fmt.Sprintf("BERT, L%d H%d V%d, %d x %d", layers, hidden, vocab, batch, length),
		batches: func(n int) ([]transformer.Batch, error) {
			var list []transformer.Batch
			for i := range n {
				list = append(list, bert.Inputs(randomBatch(uint64(i), batch, length, vocab)))
			}
			return list, nil
		},
	}
}

// predictions is how many tokens of a sequence are predicted: a seventh.
func predictions(length int) int { return (length + 6) / 7 }

// randomBatch returns a batch of random tokens, a seventh of them predicted.
func randomBatch(seed uint64, size, length, vocab int) objective.MLMBatch {
	rng := rand.New(rand.NewPCG(1, seed))
	P := predictions(length)
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

// ul2Shape is the preset tiny of an encoder-decoder, with T5's span corruption.
func ul2Shape() (shape, error) {
	const vocab, batch, length, sentinels = 8192, 8, 128, 100
	config, err := ul2.Preset("tiny", ul2.EncoderDecoder, vocab)
	if err != nil {
		return shape{}, err
	}
	corruption := objective.Objective{Form: objective.EncoderDecoder, Settings: objective.DefaultSpanCorruption(length)}
	row, err := corruption.Shape()
	if err != nil {
		return shape{}, err
	}
	return shape{
		name: "ul2-tiny", model: config, agreed: agreed, flops: config.FLOPsPerStep(batch, row.Inputs, row.Targets), rate: 5e-4, tokens: batch * (row.Inputs + row.Targets), step: 0.4, memory: 1300,
		about: fmt.Sprintf("T5 v1.1, L%d+%d H%d V%d, %d x (%d + %d)", config.EncoderLayers, config.DecoderLayers, config.HiddenSize, vocab, batch, row.Inputs, row.Targets),
		batches: func(n int) ([]transformer.Batch, error) {
			v := objective.Vocabulary{Size: vocab, Pad: 0, EOS: 1, Cls: objective.None, Sep: objective.None, Mask: objective.None, Specials: []int32{0, 1}}
			v.Modes = objective.Modes{NLU: objective.None, NLG: objective.None, S2S: objective.None}
			for i := range int32(sentinels) {
				v.Sentinels = append(v.Sentinels, vocab-1-i)
			}
			v.Specials = append(v.Specials, v.Sentinels...)
			sampler, err := corruption.NewBatches(randomText(vocab-sentinels), v, batch, 1)
			if err != nil {
				return nil, err
			}
			var list []transformer.Batch
			for i := range n {
				b, err := sampler.Batch(int64(i))
				if err != nil {
					return nil, err
				}
				inputs, err := config.Inputs(b)
				if err != nil {
					return nil, err
				}
				list = append(list, inputs)
			}
			return list, nil
		},
	}, nil
}

// randomText is a text of random tokens from 2 on, below the number. It implements
// [objective.Tokens].
type randomText int32

func (t randomText) Len() int64 { return 1 << 20 }

func (t randomText) Read(dst []int32, offset int64) error {
	for i := range dst {
		dst[i] = 2 + rand.New(rand.NewPCG(3, uint64(offset)+uint64(i))).Int32N(int32(t)-2)
	}
	return nil
}
