package lag

import (
	"fmt"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/train"
)

// bertTraining trains a BERT with relative positions. It leaves the unigram
// plateau several times sooner than with learned positions.
func bertTraining() (Training, error) {
	const vocab, length = 2048, 64
	m, err := model.New("bert", fmt.Sprintf("layers=4 hidden=128 heads=4 vocabulary=%d length=%d positions=relative", vocab, length))
	text := data.DefaultConfig()
	text.VocabSize = vocab
	return Training{
		Name: "bert",
		Task: Task{
			Data: text, Model: m, Objective: objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(length)},
			BatchSize: 32, ValidationBatches: 16, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
		},
		MicroBatches:  1,
		Schedule:      train.Schedule{Kind: train.Linear, Peak: 1e-3, WarmUp: 200, Steps: 6000},
		EvaluateEvery: 200, CheckpointEvery: 500,
	}, err
}

// ul2Training trains a UL2 model of size nano in the given form.
func ul2Training(name, form string, kind objective.Kind) (Training, error) {
	const vocab, length = 2048, 64
	m, err := model.New("ul2", fmt.Sprintf("form=%s size=nano vocabulary=%d", form, vocab))
	if err != nil {
		return Training{}, err
	}
	text := data.DefaultConfig()
	text.VocabSize, text.Kind, text.Sentinels, text.Modes = vocab, tokenizer.Unigram, length/4, true
	shape := objective.DecoderOnly
	if form == string(objective.EncoderDecoder) {
		shape = objective.EncoderDecoder
	}
	task, err := objective.Default(kind, shape, length)
	if err != nil {
		return Training{}, err
	}
	return Training{
		Name: name,
		Task: Task{
			Data: text, Model: m, Objective: task,
			BatchSize: 32, ValidationBatches: 16, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
		},
		MicroBatches:  1,
		Schedule:      train.Schedule{Kind: train.Linear, Peak: 2e-3, WarmUp: 200, Steps: 4000},
		EvaluateEvery: 200, CheckpointEvery: 500,
	}, nil
}
