package lag

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/ul2"
)

// Task is which model is trained on what, and with which optimizer: what
// studies, stackings and trainings of one model have in common.
type Task struct {
	Data      data.Config         `json:"data"`
	Objective objective.Objective `json:"objective"`
	Model     Model               `json:"model"` // of a study or a stacking the model that is grown first

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
	if size := t.Data.VocabSize; size != 0 && size != t.Model.VocabSize() {
		return fmt.Errorf("the model's vocabulary of %d tokens does not match the tokenizer's of %d; set both to one size", t.Model.VocabSize(), size)
	}
	return t.validateObjective()
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

// validateObjective tells whether the model is one for the objective.
func (t Task) validateObjective() error {
	if t.Objective.Settings == nil {
		return fmt.Errorf("no objective is given; they are %q", objective.Kinds())
	}
	switch m := t.Model.Model.(type) {
	case bert.Config:
		mlm, ok := t.Objective.Settings.(objective.MLM)
		switch {
		case !ok || t.Objective.Form != objective.Encoder:
			return fmt.Errorf("a model of family %q trains with the objective %q in the form %q", m.Family(), objective.KindMLM, objective.Encoder)
		case mlm.SequenceLength > m.MaxPositions:
			return fmt.Errorf("sequences of %d tokens are longer than the model's %d positions; raise max_position_embeddings or shorten the sequences",
				mlm.SequenceLength, m.MaxPositions)
		case m.NextSentence && mlm.Pairs == nil:
			return errors.New("the model has a next-sentence head, and the objective makes no sentence pairs; give it pairs, or set next_sentence to false")
		}
	case ul2.Config:
		want := objective.DecoderOnly
		if m.Form == ul2.EncoderDecoder {
			want = objective.EncoderDecoder
		}
		if t.Objective.Form != want {
			return fmt.Errorf("a ul2 model of form %q trains with objectives of form %q, not %q", m.Form, want, t.Objective.Form)
		}
		if causal := t.Objective.Settings.Kind() == objective.KindCausalLM; (m.Form == ul2.CausalLM) != causal && m.Form != ul2.EncoderDecoder {
			return fmt.Errorf("a ul2 model of form %q does not train with the objective %q: a causal decoder takes %q, a prefix-LM decoder those with a prefix",
				m.Form, t.Objective.Settings.Kind(), objective.KindCausalLM)
		}
	}
	return nil
}
