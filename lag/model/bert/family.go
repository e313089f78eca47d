package bert

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

func init() {
	model.Register(New(2, 128, 2, publishedVocab, publishedPositions), settings, architectures)
}

// settings are the settings that can be changed by name, in addition to JSON
// fields.
var settings = []model.Setting[Config]{
	{Name: "size", Help: "`name` of a published size for the model, such as mini or base", Set: func(c *Config, name string) error {
		size, err := Preset(name)
		c.Layers, c.HiddenSize, c.Heads, c.IntermediateSize = size.Layers, size.HiddenSize, size.Heads, size.IntermediateSize
		return err
	}},
	{Name: "hidden", Help: "hidden size in `units`; the feed-forward size changes in proportion", Set: func(c *Config, value string) error {
		units, err := transformer.ParseSize(value)
		if err == nil {
			c.IntermediateSize, c.HiddenSize = units*c.IntermediateSize/c.HiddenSize, units
		}
		return err
	}},
	{Name: "heads", Help: "attention `heads`", Set: func(c *Config, value string) (err error) {
		c.Heads, err = transformer.ParseSize(value)
		return err
	}},
	{Name: "positions", Help: "`kind` of positions: learned, sinusoidal or relative", Set: func(c *Config, value string) error {
		c.Positions = Positions(value)
		return nil
	}},
	{Name: "precision", Help: "`dtype` of activations: float32 or bfloat16", Set: func(c *Config, value string) error {
		c.Precision = transformer.Precision(value)
		return c.Precision.Validate()
	}},
	{Name: "dropout", Help: "`share` of dropped activations and attention probabilities", Set: func(c *Config, value string) (err error) {
		c.HiddenDropout, err = transformer.ParseShare(value)
		c.AttentionDropout = c.HiddenDropout
		return err
	}},
}

// Describe describes the model's shape in one line.
func (c Config) Describe() string {
	text := fmt.Sprintf("bert of %s, hidden size %d, %d heads, feed-forward %d, vocabulary %s, %d %s positions",
		growth.Depths{c.Layers}.Layers(), c.HiddenSize, c.Heads, c.IntermediateSize, humanize.Comma(int64(c.VocabSize)), c.MaxPositions, c.Positions)
	if c.PreNorm {
		text += ", pre-norm"
	}
	if c.NextSentence {
		text += ", next-sentence head"
	}
	return text
}

// Vocabulary returns the number of tokens in the vocabulary.
func (c Config) Vocabulary() int { return c.VocabSize }

// MaxLength returns the number of positions.
func (c Config) MaxLength() int { return c.MaxPositions }

// WithDepths returns the model with depths[0] layers.
func (c Config) WithDepths(depths growth.Depths) model.Config { return c.WithLayers(depths[0]) }

// WithVocabulary returns the model with another vocabulary size.
func (c Config) WithVocabulary(tokens int) model.Config {
	c.VocabSize = tokens
	return c
}

// WithMaxLength returns the model with that number of positions.
func (c Config) WithMaxLength(tokens int) model.Config {
	c.MaxPositions = tokens
	return c
}

// Trains returns an error if the model cannot be trained with an objective.
func (c Config) Trains(o objective.Objective) error {
	mlm, ok := o.Settings.(objective.MLM)
	switch {
	case !ok || o.Form != objective.Encoder:
		return fmt.Errorf("a model of family %q trains with the objective %q in the form %q", c.Family(), objective.KindMLM, objective.Encoder)
	case mlm.SequenceLength > c.MaxPositions:
		return fmt.Errorf("sequences of %d tokens are longer than the model's %d positions; raise max_position_embeddings or shorten the sequences",
			mlm.SequenceLength, c.MaxPositions)
	case c.NextSentence && mlm.Pairs == nil:
		return errors.New("the model has a next-sentence head, but the objective makes no sentence pairs; give the objective pairs, or set next_sentence to false")
	}
	return nil
}

// Inputs returns the tensors of an [objective.MLMBatch].
func (c Config) Inputs(batch objective.Sized) (transformer.Batch, error) {
	b, ok := batch.(objective.MLMBatch)
	if !ok {
		return nil, fmt.Errorf("bert: a batch of type %T is not from the objective %q", batch, objective.KindMLM)
	}
	return Inputs(b), nil
}

// Predictions returns the logits [B, L, V] at every position.
func (c Config) Predictions(w transformer.Weights, in transformer.Inputs) *Node {
	hidden := c.Encode(w, in, transformer.Mode{})
	B, L := hidden.Shape().Dimensions[0], hidden.Shape().Dimensions[1]
	return Reshape(c.Predict(w, Reshape(hidden, B*L, c.HiddenSize)), B, L, c.VocabSize)
}

// Cost returns the counted cost of a training step, see [Config.FLOPsPerStep]
// and [Config.ActivationBytes].
func (c Config) Cost(batchSize int, row objective.Shape) model.Cost {
	return model.Cost{
		Tokens:      batchSize * row.Inputs,
		FLOPs:       c.FLOPsPerStep(batchSize, row.Inputs, row.Predictions),
		Activations: c.ActivationBytes(batchSize, row.Inputs, row.Predictions),
	}
}
