// Package advice names the configuration fields that can fix an error or a
// warning. Libraries name fields. A program whose users set them in another
// way, such as command-line flags, maps the fields to its own names with
// [Words].
package advice

import (
	"fmt"
	"strings"
)

// Fields that errors and warnings name, as in the JSON of a configuration.
const (
	Corpus        = "data.corpus.source"
	TokenizerFile = "data.tokenizer_file"
	VocabSize     = "data.vocab_size"
	BatchSize     = "batch_size"
	Validation    = "validation_batches"
	PretrainSteps = "pretrain.schedule.steps"
	Seeds         = "growth.seeds"
	Steps         = "growth.schedule.steps"
	GateSteps     = "growth.gate_steps"
	EarlyBatches  = "growth.early_batches"

	FinalEvaluations = "growth.final_evaluations"

	Wide          = "growth.wide"
	AllStrategies = "growth.all"
	Strategies    = "growth.strategies"
	Rules         = "growth.rules"
	StackingSeeds = "seeds"
	StackingPool  = "strategies"
	Keep          = "keep"

	SequenceLength     = "objective.sequence_length"
	NewVocabulary      = "new_vocabulary"
	StudyNewVocabulary = "pretrain.new_vocabulary"

	NewHead = "new_head" // of the import of a model
)

// Fields of the options of package downstream.
const (
	Batches  = "Batches"
	Examples = "Examples"
)

// Fields that errors about a value name, see [Value].
const (
	TrainingSteps = "schedule.steps"
	HeadFirst     = "head_first_steps"
	Lag           = "growth.lag"
	EvaluateEvery = "evaluate_every"
	MicroBatches  = "micro_batches"
	Vocabulary    = "vocab_size"
	Hidden        = "hidden_size"
	Width         = "d_model"
	Heads         = "num_attention_heads"
	T5Heads       = "num_heads"
	Positions     = "max_position_embeddings"

	Stages = "stages.steps"
	WarmUp = "schedule.warmup"
)

// Error is an error that other values of some fields can fix.
type Error struct {
	Fields []string
	Err    error
}

// Errorf returns an error that another value of a field can fix.
func Errorf(field, format string, args ...any) error {
	return &Error{[]string{field}, fmt.Errorf(format, args...)}
}

func (e *Error) Error() string { return e.With(nil) }

// With returns the text of the error with words for the fields.
func (e *Error) With(w Words) string { return fmt.Sprintf("%v (%s)", e.Err, w.For(e.Fields...)) }

// Unwrap returns the error without its advice.
func (e *Error) Unwrap() error { return e.Err }

// Words maps fields to what a user changes, such as "-batch".
type Words map[string]string

// For returns the words for some fields, separated by commas. A field without
// words is returned as it is.
func (w Words) For(fields ...string) string {
	texts := make([]string, len(fields))
	for i, field := range fields {
		if text, ok := w[field]; ok {
			field = text
		}
		texts[i] = field
	}
	return strings.Join(texts, ", ")
}
