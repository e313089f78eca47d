package lag

import (
	"slices"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// setInitial sets the task's model to the one in a model directory or in the
// directory of a run. If that model has a tokenizer, the task uses it too.
func setInitial(t *Task, dir string) error {
	p, err := trained.Load(dir)
	if err != nil {
		return err
	}
	t.Model = p.Model
	t.Data.VocabSize = t.Model.Vocabulary()
	if own, file, err := hf.LoadTokenizer(p.Files); err == nil && own != nil { // if it cannot be read, another may be given
		useVocabulary(&t.Data, file)
	}
	if most := t.Model.MaxLength(); most > 0 && t.Objective.Settings != nil {
		t.Objective = t.Objective.WithSequenceLength(min(t.Objective.SequenceLength(), most))
	}
	return nil
}

// useVocabulary sets the file of the vocabulary, and clears the settings of one
// that is trained.
func useVocabulary(d *data.Config, file string) {
	d.TokenizerFile, d.VocabSize, d.Kind, d.MinFrequency, d.LimitAlphabet, d.ByteFallback, d.Coverage = file, 0, "", 0, 0, false, 0
}

// SetInitial makes the training start from the model in dir, which is a model
// directory or the directory of a run. If that model has a tokenizer, the
// training uses it too.
func (c *Training) SetInitial(dir string) error {
	c.Initial = dir
	return setInitial(&c.Task, dir)
}

// SetInitial makes the model in dir, which is a model directory or the
// directory of a run, the source model of the study, without further
// pretraining. The learning-rate schedule after growing starts at 0, because
// the position in the earlier schedule is not known. Controls other than
// [result.ControlScratchSteps] are removed, because the cost of the model is not
// known either. If the model cannot grow to Growth.To, that becomes twice its
// depths.
func (c *StudyConfig) SetInitial(dir string) error {
	c.Pretrain.Initial = dir
	c.Pretrain.Schedule = train.Schedule{Kind: train.Constant, Peak: c.Pretrain.Schedule.Peak}
	c.Growth.Schedule.Start, c.Growth.Schedule.Length = 0, 0
	c.Growth.Controls = slices.DeleteFunc(slices.Clone(c.Growth.Controls), func(control result.Control) bool { return control.Kind() != result.ControlScratchSteps })
	if err := setInitial(&c.Task, dir); err != nil {
		return err
	}
	if from := c.Model.Depths(); len(c.Growth.To) != len(from) || c.Growth.To[0] <= from[0] {
		c.Growth.To = nil
		for _, layers := range from {
			c.Growth.To = append(c.Growth.To, 2*layers)
		}
	}
	return nil
}

// SetSequenceLength sets the task's sequence length. If the training starts
// from another model, it leaves the number of that model's positions unchanged.
func (c *Training) SetSequenceLength(tokens int) { setLength(&c.Task, c.Initial, tokens) }

// SetSequenceLength sets the task's sequence length. If the source is an
// existing model, it leaves the number of that model's positions unchanged.
func (c *StudyConfig) SetSequenceLength(tokens int) { setLength(&c.Task, c.Pretrain.Initial, tokens) }

func setLength(t *Task, initial string, tokens int) {
	model := t.Model
	t.SetSequenceLength(tokens)
	if initial != "" {
		t.Model = model
	}
}

// SetTokenizer sets the file of the vocabulary. If the training starts from
// another model, whose table may have more rows than the vocabulary has tokens,
// the size is that of the file.
func (c *Training) SetTokenizer(file string) { setTokenizer(&c.Task, c.Initial, file) }

// SetTokenizer sets the file of the vocabulary. If the source is an existing
// model, whose table may have more rows than the vocabulary has tokens, the size
// is that of the file.
func (c *StudyConfig) SetTokenizer(file string) {
	setTokenizer(&c.Task, c.Pretrain.Initial, file)
}

func setTokenizer(t *Task, initial, file string) {
	if initial == "" {
		t.SetTokenizer(file)
	} else {
		useVocabulary(&t.Data, file)
	}
}
