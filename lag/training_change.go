package lag

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// Settings of a training that stand in several places, or in another for each family.

// SetVocabSize sets the size of the vocabulary, of the data and of the model.
func (c *Training) SetVocabSize(tokens int) {
	c.Data.VocabSize = tokens
	c.Model.change(func(m *bert.Config) { m.VocabSize = tokens }, func(m *ul2.Config) { m.VocabSize = tokens })
}

// SetSequenceLength sets the length of sequences, of the objective and, where
// the model has a position for each token, of the model. A vocabulary that is
// trained gets the sentinels that span corruption then needs: at a mean span of
// 3 and a density of a half, one for every four tokens.
func (c *Training) SetSequenceLength(tokens int) {
	c.Objective = c.Objective.WithSequenceLength(tokens)
	if c.Data.TokenizerFile == "" && c.Data.Sentinels > 0 {
		c.Data.Sentinels = max(c.Data.Sentinels, (tokens+3)/4)
	}
	if c.Initial == "" {
		c.Model.change(func(m *bert.Config) { m.MaxPositions = tokens }, func(*ul2.Config) {})
	}
}

// SetInitial makes the training start from a model directory or that of a run:
// with that model and, where it has one, its vocabulary.
func (c *Training) SetInitial(dir string) error {
	p, err := LoadPretrained(dir)
	if err != nil {
		return err
	}
	_, file, err := hf.LoadTokenizer(p.Files)
	if err != nil {
		return err
	}
	c.Initial, c.Model = dir, p.Model
	c.Data.VocabSize = c.Model.VocabSize()
	if file != "" {
		d := &c.Data
		d.TokenizerFile, d.VocabSize, d.Kind, d.MinFrequency, d.LimitAlphabet, d.ByteFallback, d.Coverage = file, 0, "", 0, 0, false, 0
	}
	if m, ok := c.Model.Model.(bert.Config); ok {
		if s, ok := c.Objective.Settings.(objective.MLM); ok {
			c.Objective = c.Objective.WithSequenceLength(min(s.SequenceLength, m.MaxPositions))
		}
	}
	return nil
}

// SetPrecision sets the precision of the model's activations.
func (c *Training) SetPrecision(p transformer.Precision) error {
	c.Model.change(func(m *bert.Config) { m.Precision = p }, func(m *ul2.Config) { m.Precision = p })
	return p.Validate()
}

// SetSize gives the model the shape of a published size, such as "mini" or
// "base"; see [bert.Preset] and [ul2.Preset]. The vocabulary, the positions and
// all other settings stay.
func (c *Training) SetSize(name string) error {
	switch m := c.Model.Model.(type) {
	case bert.Config:
		size, err := bert.Preset(name)
		if err != nil {
			return err
		}
		m.Layers, m.HiddenSize, m.Heads, m.IntermediateSize = size.Layers, size.HiddenSize, size.Heads, size.IntermediateSize
		c.Model.Model = m
	case ul2.Config:
		size, err := ul2.Preset(name, m.Form, m.VocabSize)
		if err != nil {
			return err
		}
		m.HiddenSize, m.HeadSize, m.Heads, m.IntermediateSize = size.HiddenSize, size.HeadSize, size.Heads, size.IntermediateSize
		c.Model.Model = m.WithLayers(size.EncoderLayers, size.DecoderLayers)
	default:
		return fmt.Errorf("a model of type %T has no sizes", m)
	}
	return nil
}
