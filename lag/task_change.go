package lag

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// Settings that stand in several places, or in another for each family.

// SetVocabSize sets the size of the vocabulary, of the data and of the model.
func (t *Task) SetVocabSize(tokens int) {
	t.Data.VocabSize = tokens
	t.Model.change(func(m *bert.Config) { m.VocabSize = tokens }, func(m *ul2.Config) { m.VocabSize = tokens })
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
	t.Model.change(func(m *bert.Config) { m.MaxPositions = tokens }, func(*ul2.Config) {})
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

// SetPrecision sets the precision of the model's activations.
func (t *Task) SetPrecision(p transformer.Precision) error {
	t.Model.change(func(m *bert.Config) { m.Precision = p }, func(m *ul2.Config) { m.Precision = p })
	return p.Validate()
}

// SetHiddenSize sets the model's width in units. The feed-forward size keeps its
// share of it, and of UL2, whose heads have a size of their own, that of the heads too.
func (t *Task) SetHiddenSize(units int) error {
	if units < 1 {
		return fmt.Errorf("a hidden size of %d is impossible; give at least 1", units)
	}
	t.Model.change(func(m *bert.Config) {
		m.IntermediateSize, m.HiddenSize = units*m.IntermediateSize/m.HiddenSize, units
	}, func(m *ul2.Config) {
		m.IntermediateSize, m.HiddenSize, m.HeadSize = units*m.IntermediateSize/m.HiddenSize, units, max(units/m.Heads, 1)
	})
	return nil
}

// SetHeads sets the number of attention heads.
func (t *Task) SetHeads(heads int) {
	t.Model.change(func(m *bert.Config) { m.Heads = heads }, func(m *ul2.Config) { m.Heads = heads })
}

// SetPositions sets the kind of a BERT's positions.
func (t *Task) SetPositions(kind string) error {
	m, ok := t.Model.Model.(bert.Config)
	if !ok {
		return fmt.Errorf("a model of family %q has relative positions and no other", t.Model.Family())
	}
	m.Positions = bert.Positions(kind)
	t.Model.Model = m
	return nil
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

// SetSize gives the model the shape of a published size, such as "mini" or
// "base"; see [bert.Preset] and [ul2.Preset]. The vocabulary, the positions and
// all other settings stay.
func (t *Task) SetSize(name string) error {
	switch m := t.Model.Model.(type) {
	case bert.Config:
		size, err := bert.Preset(name)
		if err != nil {
			return err
		}
		m.Layers, m.HiddenSize, m.Heads, m.IntermediateSize = size.Layers, size.HiddenSize, size.Heads, size.IntermediateSize
		t.Model.Model = m
	case ul2.Config:
		size, err := ul2.Preset(name, m.Form, m.VocabSize)
		if err != nil {
			return err
		}
		m.HiddenSize, m.HeadSize, m.Heads, m.IntermediateSize = size.HiddenSize, size.HeadSize, size.Heads, size.IntermediateSize
		t.Model.Model = m.WithLayers(size.EncoderLayers, size.DecoderLayers)
	default:
		return fmt.Errorf("a model of type %T has no sizes", m)
	}
	return nil
}
