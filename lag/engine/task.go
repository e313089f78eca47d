package engine

import (
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/train"
)

// Task describes a model, its training data, objective and optimizer. Studies,
// stackings and trainings of one model share it.
type Task struct {
	Data      data.Config         `json:"data"`
	Objective objective.Objective `json:"objective"`
	Model     model.Model         `json:"model"` // in a study or a stacking, the model that is grown first

	BatchSize         int   `json:"batch_size"`         // sequences per training or validation batch
	ValidationBatches int   `json:"validation_batches"` // batches in the fixed validation set
	Seed              int64 `json:"seed"`               // for initial weights, batches, masks, dropout and the validation set

	Optimizer train.AnyOptimizer `json:"optimizer"`
}

// Validate reports the first invalid setting and how to fix it.
func (t Task) Validate() error {
	if err := errors.Join(t.Data.Validate(), t.Model.Validate(), t.Optimizer.Validate()); err != nil {
		return err
	}
	if err := Positive("batch_size", t.BatchSize, "validation_batches", t.ValidationBatches); err != nil {
		return err
	}
	if size := t.Data.VocabSize; size != 0 && size != t.Model.Vocabulary() {
		return fmt.Errorf("the model's vocabulary of %s does not match the tokenizer's of %d; make them equal", plain.Count(t.Model.Vocabulary(), "token"), size)
	}
	if t.Objective.Settings == nil {
		return fmt.Errorf("no objective was given; the objectives are %q", objective.Kinds())
	}
	if err := Positive(advice.SequenceLength, t.Objective.SequenceLength()); err != nil {
		return err
	}
	return t.Model.Trains(t.Objective)
}

// Cost is the counted cost of a training step.
type Cost struct {
	Tokens int     // tokens that the model reads, including padding; for an encoder-decoder, inputs and targets
	FLOPs  float64 // floating-point operations, forward and backward
	Memory train.MemoryUse
}

// Cost returns the cost of a training step of a model on the task's batches,
// each divided into micro-batches. The memory is for one micro-batch at a time.
func (t Task) Cost(m model.Model, microBatches int) (Cost, error) {
	row, err := t.Objective.Shape()
	if err != nil {
		return Cost{}, err
	}
	c := m.Cost(t.BatchSize, row)
	part := m.Cost(t.BatchSize/microBatches, row)
	return Cost{c.Tokens, c.FLOPs, train.Memory(m.Parameters(), t.Optimizer.Optimizer, part.Activations)}, nil
}

// Positive returns an error if a setting is less than 1. Settings are pairs of
// a name and an int.
func Positive(settings ...any) error {
	for i := 0; i < len(settings); i += 2 {
		if value := settings[i+1].(int); value < 1 {
			return advice.Value(settings[i].(string), "is %d; it must be at least 1", value)
		}
	}
	return nil
}

// Exports returns the class of transformers that loads the task's models, or an error
// that says why none does.
func (t Task) Exports() (class string, err error) {
	export, err := t.Model.Export()
	return export.Class, err
}
