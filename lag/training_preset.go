package lag

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
)

var trainingPresets = map[string]func() (Training, error){
	"bert":      bertTraining,
	"ul2":       func() (Training, error) { return ul2Training("ul2", ul2.EncoderDecoder, objective.KindUL2) },
	"prefix-lm": func() (Training, error) { return ul2Training("prefix-lm", ul2.PrefixLM, objective.KindUL2) },
	"causal-lm": func() (Training, error) { return ul2Training("causal-lm", ul2.CausalLM, objective.KindCausalLM) },
}

// TrainingPresets returns the names that [TrainingPreset] takes.
func TrainingPresets() []string { return slices.Sorted(maps.Keys(trainingPresets)) }

// TrainingPreset returns the configuration of a training that takes minutes on
// two cores with XLA: a small model of each family and form.
func TrainingPreset(name string) (Training, error) {
	preset, ok := trainingPresets[name]
	if !ok {
		return Training{}, fmt.Errorf("there is no training preset %q; they are %s", name, strings.Join(TrainingPresets(), ", "))
	}
	return preset()
}

// bertTraining trains a BERT with relative positions, which leaves the unigram
// plateau several times sooner than one with learned positions.
func bertTraining() (Training, error) {
	const layers, hidden, heads, vocab, length = 4, 128, 4, 2048, 64
	model := bert.New(layers, hidden, heads, vocab, length)
	model.Positions = bert.Relative
	text := data.DefaultConfig()
	text.VocabSize = vocab
	return Training{
		Name: "bert",
		Task: Task{
			Data: text, Model: Model{model}, Objective: objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(length)},
			BatchSize: 32, ValidationBatches: 16, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
		},
		MicroBatches:  1,
		Schedule:      train.Schedule{Kind: train.Linear, Peak: 1e-3, WarmUp: 200, Steps: 6000},
		EvaluateEvery: 200, CheckpointEvery: 500,
	}, nil
}

// ul2Training trains the nano size of a form.
func ul2Training(name string, form ul2.Form, kind objective.Kind) (Training, error) {
	const vocab, length = 2048, 64
	model, err := ul2.Preset("nano", form, vocab)
	if err != nil {
		return Training{}, err
	}
	text := data.DefaultConfig()
	text.VocabSize, text.Kind, text.Sentinels, text.Modes = vocab, tokenizer.Unigram, length/4, true
	shape := objective.DecoderOnly
	if form == ul2.EncoderDecoder {
		shape = objective.EncoderDecoder
	}
	task, err := objective.Default(kind, shape, length)
	if err != nil {
		return Training{}, err
	}
	return Training{
		Name: name,
		Task: Task{
			Data: text, Model: Model{model}, Objective: task,
			BatchSize: 32, ValidationBatches: 16, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
		},
		MicroBatches:  1,
		Schedule:      train.Schedule{Kind: train.Linear, Peak: 2e-3, WarmUp: 200, Steps: 4000},
		EvaluateEvery: 200, CheckpointEvery: 500,
	}, nil
}
