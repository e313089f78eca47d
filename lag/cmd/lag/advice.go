package main

import (
	"strings"

	"github.com/landscape-aware/growing/lag/advice"
)

// words maps the fields that errors and warnings name to flags.
var words = advice.Words{
	advice.Corpus: "-corpus", advice.TokenizerFile: "-tokenizer", advice.VocabSize: "-vocab",
	advice.BatchSize: "-batch", advice.Validation: "-validation", advice.PretrainSteps: "-pretrain",
	advice.Seeds: "-seeds 1,2", advice.Steps: "-steps", advice.GateSteps: "-gate", advice.EarlyBatches: "-early-validation", advice.FinalEvaluations: "-final-evaluations", advice.Wide: "-wide", advice.AllStrategies: "-all",
	advice.Strategies: "-strategies; `lag strategies -all` lists them", advice.Rules: "-rules",
	advice.SequenceLength: "-length", advice.NewVocabulary: "-new-vocabulary", advice.StudyNewVocabulary: "-new-vocabulary",
	advice.NewHead:       "`lag import -new-head`",
	advice.Batches:       "-batches",
	advice.Examples:      "-examples",
	advice.Keep:          "-keep",
	advice.StackingSeeds: "-seeds 1,2", advice.StackingPool: "-strategies; `lag strategies` lists them",

	advice.TrainingSteps: "-steps", advice.HeadFirst: "-head-first", advice.Stages: "-steps", advice.Lag: "-lag", advice.EvaluateEvery: "-evaluate-every",
	advice.MicroBatches: "-micro-batches", advice.Vocabulary: "-vocab", advice.Hidden: "-hidden", advice.Width: "-hidden",
	advice.Heads: "-heads", advice.T5Heads: "-heads", advice.Positions: "-length",
}

// worded is an error that names fields, and can name flags instead.
type worded interface {
	error
	With(advice.Words) string
}

// withFlags returns the text of an error, which names flags where libraries name
// fields.
func withFlags(err error) string {
	text := err.Error()
	for _, e := range wordedIn(err) {
		text = strings.Replace(text, e.Error(), e.With(words), 1)
	}
	return text
}

// wordedIn returns the outermost errors in the tree of err that name fields.
func wordedIn(err error) []worded {
	switch e := err.(type) {
	case worded:
		return []worded{e}
	case interface{ Unwrap() error }:
		return wordedIn(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []worded
		for _, one := range e.Unwrap() {
			all = append(all, wordedIn(one)...)
		}
		return all
	}
	return nil
}
