package lag

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/train"
)

// Task is which model is trained on what, and with which optimizer: what
// studies, stackings and trainings of one model have in common.
type Task struct {
	Data      data.Config         `json:"data"`
	Objective objective.Objective `json:"objective"`
	Model     model.Model         `json:"model"` // of a study or a stacking the model that is grown first

	BatchSize         int   `json:"batch_size"`         // sequences in a training or validation batch
	ValidationBatches int   `json:"validation_batches"` // in the fixed validation set
	Seed              int64 `json:"seed"`               // of initial weights, batches, masks, dropout, and of the validation set

	Optimizer train.AnyOptimizer `json:"optimizer"`
}

// Validate says what is impossible in the task, and how to mend it.
func (t Task) Validate() error {
	if err := errors.Join(t.Data.Validate(), t.Model.Validate(), t.Optimizer.Validate()); err != nil {
		return err
	}
	if err := positive("batch_size", t.BatchSize, "validation_batches", t.ValidationBatches); err != nil {
		return err
	}
	if size := t.Data.VocabSize; size != 0 && size != t.Model.Vocabulary() {
		return fmt.Errorf("the model's vocabulary of %d tokens does not match the tokenizer's of %d; set both to one size", t.Model.Vocabulary(), size)
	}
	if t.Objective.Settings == nil {
		return fmt.Errorf("no objective is given; they are %q", objective.Kinds())
	}
	return t.Model.Trains(t.Objective)
}

// Cost is what a training step of the task takes, by count.
type Cost struct {
	Tokens int     // that the model reads, padding included; of an encoder-decoder inputs and targets
	FLOPs  float64 // floating-point operations, forward and backward
	Memory train.MemoryUse
}

// Cost returns what a training step of a model takes on the task's batches, each
// cut into micro-batches.
func (t Task) Cost(m model.Model, microBatches int) (Cost, error) {
	row, err := t.Objective.Shape()
	if err != nil {
		return Cost{}, err
	}
	c := m.Cost(t.BatchSize, row)
	part := m.Cost(t.BatchSize/microBatches, row)
	return Cost{c.Tokens, c.FLOPs, train.Memory(m.Parameters(), t.Optimizer.Optimizer, part.Activations)}, nil
}

// positive checks settings, each a name and an int, that must be at least 1.
func positive(settings ...any) error {
	for i := 0; i < len(settings); i += 2 {
		if value := settings[i+1].(int); value < 1 {
			return fmt.Errorf("%s is %d; it must be at least 1", settings[i], value)
		}
	}
	return nil
}

// validateName tells whether a name can be that of a directory.
func validateName(name, what string) error {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("%q is no name for a %s; give one that can name a directory", name, what)
	}
	return nil
}
