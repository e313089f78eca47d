package main

import (
	"errors"
	"strings"

	"github.com/landscape-aware/growing/lag/advice"
)

// words maps the fields that errors and warnings name to flags.
var words = advice.Words{
	advice.Corpus: "-corpus", advice.TokenizerFile: "-tokenizer", advice.VocabSize: "-vocab",
	advice.BatchSize: "-batch", advice.Validation: "-validation", advice.PretrainSteps: "-pretrain",
	advice.Seeds: "-seeds 1,2", advice.Steps: "-steps", advice.GateSteps: "-gate", advice.Wide: "-wide",
	advice.Strategies: "-strategies; `lag strategies -wide` lists them", advice.Rules: "-rules",
	advice.SequenceLength: "-length", advice.NewVocabulary: "-new-vocabulary", advice.StudyNewVocabulary: "-new-vocabulary",
	advice.StackingSeeds: "-seeds 1,2", advice.StackingPool: "-strategies; `lag strategies` lists them",
}

// withFlags returns the text of an error, which names flags where libraries name
// fields.
func withFlags(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*advice.Error](err); ok {
		text = strings.Replace(text, e.Error(), e.With(words), 1)
	}
	return text
}
