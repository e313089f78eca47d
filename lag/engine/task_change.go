package engine

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// The methods below change settings that occur in several places.

// SetVocabSize sets the vocabulary size of the data and the model.
func (t *Task) SetVocabSize(tokens int) {
	t.Data.VocabSize = tokens
	if t.Model.Config != nil {
		t.Model.Config = t.Model.WithVocabulary(tokens)
	}
}

// SetSequenceLength sets the sequence length of the objective and, if the model
// has a position for each token, the number of positions. If the vocabulary is
// trained, it gets the sentinels that span corruption needs: with a mean span
// of 3 and a density of a half, one for every four tokens.
func (t *Task) SetSequenceLength(tokens int) {
	t.Objective = t.Objective.WithSequenceLength(tokens)
	if t.Data.TokenizerFile == "" && t.Data.Sentinels > 0 {
		t.Data.Sentinels = max(t.Data.Sentinels, (tokens+3)/4)
	}
	if t.Model.Config != nil {
		t.Model.Config = t.Model.WithMaxLength(tokens)
	}
}

// SetTokenizer sets the file of the vocabulary.
func (t *Task) SetTokenizer(file string) { t.Data.TokenizerFile = file }

// SetWholeWords sets whether a masked language model masks whole words.
func (t *Task) SetWholeWords(whole bool) error {
	mlm, ok := t.Objective.Settings.(objective.MLM)
	if !ok {
		return fmt.Errorf("the objective %q does not mask whole words; the objective %q does", t.Objective.Settings.Kind(), objective.KindMLM)
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
