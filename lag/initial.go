package lag

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// setInitial gives the task the model of a model directory or of a run and,
// where it has one, its vocabulary.
func (t *Task) setInitial(dir string) error {
	p, err := trained.Load(dir)
	if err != nil {
		return err
	}
	_, file, err := hf.LoadTokenizer(p.Files)
	if err != nil {
		return err
	}
	t.Model = p.Model
	t.Data.VocabSize = t.Model.Vocabulary()
	if file != "" {
		d := &t.Data
		d.TokenizerFile, d.VocabSize, d.Kind, d.MinFrequency, d.LimitAlphabet, d.ByteFallback, d.Coverage = file, 0, "", 0, 0, false, 0
	}
	if most := t.Model.MaxLength(); most > 0 && t.Objective.Settings != nil {
		t.Objective = t.Objective.WithSequenceLength(min(t.Objective.SequenceLength(), most))
	}
	return nil
}

// SetInitial makes the training start from a model directory or that of a run:
// with that model and, where it has one, its vocabulary.
func (c *Training) SetInitial(dir string) error {
	c.Initial = dir
	return c.Task.setInitial(dir)
}

// SetInitial makes a model directory, or that of a run, the source model of the
// study, without any more pretraining. The learning-rate schedule after growing
// begins anew: the position of the one before is not known, nor is the cost that
// [result.ControlScratch] would match.
func (c *Config) SetInitial(dir string) error {
	c.Pretrain.Initial = dir
	c.Pretrain.Schedule = train.Schedule{Kind: train.Constant, Peak: c.Pretrain.Schedule.Peak}
	c.Growth.Schedule.Start, c.Growth.Schedule.Length = 0, 0
	if i := slices.Index(c.Growth.Controls, result.ControlScratch); i >= 0 {
		c.Growth.Controls = slices.Concat(c.Growth.Controls[:i:i], c.Growth.Controls[i+1:])
	}
	if err := c.Task.setInitial(dir); err != nil {
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

// loadInitial returns the state of a model directory or of a run at step 0, for
// a training of the task.
func (t Task) loadInitial(dir string, d *data.Dataset) (train.Snapshot, error) {
	p, err := trained.Load(dir)
	if err != nil {
		return train.Snapshot{}, err
	}
	if err := trained.CheckParameters(p.Params, t.Model.Parameters()); err != nil {
		return train.Snapshot{}, fmt.Errorf("the weights of %s are not of the model that is to be trained: %w; give the training the model of that directory", dir, err)
	}
	own, file, err := hf.LoadTokenizer(p.Files)
	if err != nil {
		return train.Snapshot{}, err
	}
	if own != nil && !extends(d.Tokenizer, own) {
		return train.Snapshot{}, advice.Errorf(advice.TokenizerFile, "the model in %s has a vocabulary of its own, and the data was made with another; prepare the data with it: %s", dir, file)
	}
	snap := p.Snapshot
	snap.Step = 0
	if name := t.Optimizer.Name(); len(snap.Moments) > 0 && snap.Optimizer != name {
		log.Warn("the moments of another optimizer are left out; the training starts from the weights alone", "of", snap.Optimizer, "now", name, "model", dir)
		snap.Moments, snap.Updates = nil, nil
	}
	return snap, nil
}

// extends reports whether a tokenizer has all tokens of another under their ids,
// and beside them at most more, such as sentinels and mode tokens.
func extends(t, other *tokenizer.Tokenizer) bool {
	if t.Fingerprint() == other.Fingerprint() {
		return true
	}
	if t.Kind() != other.Kind() || t.VocabSize() < other.VocabSize() {
		return false
	}
	for id := range int32(other.VocabSize()) {
		if t.Token(id) != other.Token(id) {
			return false
		}
	}
	return true
}
