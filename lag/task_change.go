package lag

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// Settings that stand in several places.

// SetVocabSize sets the size of the vocabulary, of the data and of the model.
func (t *Task) SetVocabSize(tokens int) {
	t.Data.VocabSize = tokens
	if t.Model.Config != nil {
		t.Model.Config = t.Model.WithVocabulary(tokens)
	}
}

// SetSequenceLength sets the length of sequences, of the objective and, where
// the model has a position for each token, of the model. A vocabulary that is
// trained gets the sentinels that span corruption then needs: at a mean span of
// 3 and a density of a half, one for every four tokens.
func (t *Task) SetSequenceLength(tokens int) {
	t.Objective = t.Objective.WithSequenceLength(tokens)
	if t.Data.TokenizerFile == "" && t.Data.Sentinels > 0 {
		t.Data.Sentinels = max(t.Data.Sentinels, (tokens+3)/4)
	}
	if t.Model.Config != nil {
		t.Model.Config = t.Model.WithMaxLength(tokens)
	}
}

// SetSequenceLength is that of the task, but for the positions of a model that
// the training starts from, which stay.
func (c *Training) SetSequenceLength(tokens int) {
	model := c.Model
	c.Task.SetSequenceLength(tokens)
	if c.Initial != "" {
		c.Model = model
	}
}

// SetWholeWords sets whether a masked language model masks whole words.
func (t *Task) SetWholeWords(whole bool) error {
	mlm, ok := t.Objective.Settings.(objective.MLM)
	if !ok {
		return fmt.Errorf("the objective %q has no masks of whole words; the objective %q does", t.Objective.Settings.Kind(), objective.KindMLM)
	}
	mlm.WholeWords = whole
	t.Objective.Settings = mlm
	return nil
}

// SetModel changes a setting of the model by name, see [model.Model.Set].
func (t *Task) SetModel(name, value string) (err error) {
	t.Model, err = t.Model.Set(name, value)
	return err
}
