package main

import (
	"errors"

	"github.com/landscape-aware/growing/lag/advice"
)

// words maps the fields that errors and warnings name to flags.
var words = advice.Words{
	advice.Name: "-name", advice.Corpus: "-corpus", advice.TokenizerFile: "-tokenizer", advice.VocabSize: "-vocab",
	advice.BatchSize: "-batch", advice.Validation: "-validation", advice.PretrainSteps: "-pretrain",
	advice.Seeds: "-seeds 1,2", advice.Steps: "-steps", advice.GateSteps: "-gate", advice.Wide: "-wide",
	advice.Strategies: "-strategies; `lag strategies -wide` lists them", advice.Rules: "-rules",
	advice.StackingSeeds: "-seeds 1,2", advice.StackingPool: "-strategies; `lag strategies` lists them",
}

// withFlags returns the text of an error and the flags that can fix it.
func withFlags(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*advice.Error](err); ok {
		text += " (" + words.For(e.Fields...) + ")"
	}
	return text
}
