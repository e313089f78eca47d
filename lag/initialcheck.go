package lag

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/trained"
)

// initialModel is how a task starts from an existing model.
type initialModel struct {
	dir           string // "" if it starts from the model's own initialization
	newVocabulary bool   // train a vocabulary though the model has been trained with another, unknown one
	field         string // the field that allows it
}

func (c Training) initial() initialModel {
	return initialModel{c.Initial, c.NewVocabulary, advice.NewVocabulary}
}

func (c StudyConfig) initial() initialModel {
	return initialModel{c.Pretrain.Initial, c.Pretrain.NewVocabulary, advice.StudyNewVocabulary}
}

// validate reports settings that do not fit an existing model. It reads no
// files.
func (m initialModel) validate(t Task) error {
	if m.dir == "" {
		if m.newVocabulary {
			return advice.Value(m.field, "is for a training that starts from an existing model; remove it, or name the model")
		}
		return nil
	}
	if t.Objective.Settings == nil || t.Model.Config == nil {
		return nil // Task.Validate reports it
	}
	if length, most := t.Objective.SequenceLength(), t.Model.MaxLength(); most > 0 && length > most {
		return advice.Errorf(advice.SequenceLength, "sequences of %d tokens are longer than the %d positions of the model in %s, which cannot get more; use sequences of at most %d tokens",
			length, most, m.dir, most)
	}
	return nil
}

// check reports, before the data is prepared, why training cannot start from
// the model.
func (m initialModel) check(t Task) error {
	if m.dir == "" {
		return nil
	}
	own, err := trained.ReadConfig(m.dir)
	if err == nil {
		err = own.Validate()
	}
	if err != nil {
		return fmt.Errorf("the initial model: %w", err)
	}
	has, want := own.Parameters(), t.Model.Parameters()
	if len(has) != len(want) {
		return fmt.Errorf("the model to train is %s, but the one in %s is %s; use the model of that directory", t.Model.Describe(), m.dir, own.Describe())
	}
	for i, p := range want {
		if o := has[i]; o.Name != p.Name || !slices.Equal(o.Shape, p.Shape) {
			return fmt.Errorf("the model to train has %s of shape %v, but the one in %s has %s of shape %v; use the model of that directory", p.Name, p.Shape, m.dir, o.Name, o.Shape)
		}
	}
	return m.checkVocabulary(t)
}

// checkVocabulary checks that the vocabulary is the one with which the model
// was trained, as far as is known, and that each token has a row in the model's
// table of embeddings.
func (m initialModel) checkVocabulary(t Task) error {
	if t.Data.TokenizerFile == "" {
		return m.checkTrained()
	}
	vocabulary, err := t.Data.LoadTokenizer()
	if err != nil {
		return &advice.Error{Fields: []string{advice.TokenizerFile}, Err: err}
	}
	size, rows := vocabulary.VocabSize(), t.Model.Vocabulary()
	if size <= rows {
		return nil // a table is often padded to a multiple of 8 or 128
	}
	return advice.Errorf(advice.TokenizerFile, "the vocabulary of %s has %d tokens%s, but the table of embeddings of the model in %s has %d rows: the last %d tokens, from %q on, have none; give the model more rows in Python, with resize_token_embeddings(%d), and import it again, or use a vocabulary without these tokens",
		t.Data.TokenizerFile, size, engine.AddedTokens(t.Data), m.dir, rows, size-rows, vocabulary.Token(int32(rows)), size)
}

// checkTrained checks that a vocabulary may be trained for the model.
func (m initialModel) checkTrained() error {
	if m.newVocabulary {
		return nil
	}
	fields := []string{advice.TokenizerFile, m.field}
	own, _, err := hf.LoadTokenizer(hf.TokenizerFiles(m.dir))
	switch {
	case err != nil:
		return &advice.Error{Fields: fields, Err: fmt.Errorf("the tokenizer of the model in %s cannot be read: %w; give one that can, or ask for a new vocabulary, whose tokens then get the embeddings of others", m.dir, err)}
	case own == nil && trained.Imported(m.dir):
		return &advice.Error{Fields: fields, Err: fmt.Errorf("the model in %s was imported without a tokenizer, and a new vocabulary would give its embeddings to other tokens; give the tokenizer with which the model was trained, or ask for a new vocabulary", m.dir)}
	}
	return nil
}
