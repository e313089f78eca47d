package ul2

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

func init() {
	standard, err := Preset("nano", EncoderDecoder, publishedVocab)
	if err != nil {
		panic(err) // cannot happen: the arguments are constants
	}
	model.Register(standard, settings, architectures)
}

// publishedVocab is the size of T5's vocabulary, padded to a multiple of 128.
const publishedVocab = 32128

// settings are the settings that can be changed by name, in addition to JSON
// fields.
var settings = []model.Setting[Config]{
	{Name: "form", Help: "`form` of the model: encoder-decoder, prefix-lm or causal-lm", Set: func(c *Config, value string) error {
		c.Form = Form(value)
		if c.Form != EncoderDecoder {
			c.EncoderLayers = 0
		}
		return nil
	}},
	{Name: "size", Help: "`name` of a size for the model, such as nano or base", Set: func(c *Config, name string) error {
		size, err := Preset(name, c.Form, c.VocabSize)
		if err == nil {
			c.HiddenSize, c.HeadSize, c.Heads, c.IntermediateSize = size.HiddenSize, size.HeadSize, size.Heads, size.IntermediateSize
			c.EncoderLayers, c.DecoderLayers = size.EncoderLayers, size.DecoderLayers
		}
		return err
	}},
	{Name: "hidden", Help: "hidden size in `units`; the feed-forward and head sizes change in proportion", Set: func(c *Config, value string) error {
		units, err := transformer.ParseSize(value)
		if err == nil {
			c.IntermediateSize, c.HiddenSize, c.HeadSize = units*c.IntermediateSize/c.HiddenSize, units, max(units/c.Heads, 1)
		}
		return err
	}},
	{Name: "heads", Help: "attention `heads`", Set: func(c *Config, value string) (err error) {
		c.Heads, err = transformer.ParseSize(value)
		return err
	}},
	{Name: "scale_decoder_outputs", Help: "whether the head scales the decoder's output by the hidden size to the power of -1/2: `always` or never (default if it is tied)", Set: func(c *Config, value string) error {
		c.HeadScale = HeadScale(value)
		return nil
	}},
	{Name: "precision", Help: "`dtype` of activations: float32 or bfloat16", Set: func(c *Config, value string) error {
		c.Precision = transformer.Precision(value)
		return c.Precision.Validate()
	}},
	{Name: "dropout", Help: "`share` of dropped activations", Set: func(c *Config, value string) (err error) {
		c.Dropout, err = transformer.ParseShare(value)
		return err
	}},
}

// Describe describes the model's shape in one line.
func (c Config) Describe() string {
	head := "untied"
	if c.TieEmbeddings {
		head = "tied"
	}
	switch c.HeadScale {
	case ScaleAlways:
		head += " scaled"
	case ScaleNever:
		head += " unscaled"
	}
	depth := growth.Depths{c.EncoderLayers, c.DecoderLayers}
	if c.Form != EncoderDecoder {
		depth = depth[1:]
	}
	return fmt.Sprintf("ul2 %s of %s, hidden size %d, %d heads of %d, %s feed-forward %d, vocabulary %s, %s head",
		c.Form, depth.Layers(), c.HiddenSize, c.Heads, c.HeadSize, c.Activation, c.IntermediateSize, humanize.Comma(int64(c.VocabSize)), head)
}

// Vocabulary returns the number of tokens in the vocabulary.
func (c Config) Vocabulary() int { return c.VocabSize }

// MaxLength returns 0: relative positions allow sequences of any length.
func (c Config) MaxLength() int { return 0 }

// WithDepths returns the model with other depths, the encoder's first if it has one.
func (c Config) WithDepths(depths growth.Depths) model.Config {
	if len(depths) == 1 {
		return c.WithLayers(0, depths[0])
	}
	return c.WithLayers(depths[0], depths[1])
}

// WithVocabulary returns the model with another vocabulary size.
func (c Config) WithVocabulary(tokens int) model.Config {
	c.VocabSize = tokens
	return c
}

// WithMaxLength returns the model unchanged.
func (c Config) WithMaxLength(int) model.Config { return c }

// Trains returns an error if the model cannot be trained with an objective.
func (c Config) Trains(o objective.Objective) error {
	want := objective.DecoderOnly
	if c.Form == EncoderDecoder {
		want = objective.EncoderDecoder
	}
	if o.Form != want {
		return fmt.Errorf("a ul2 model of form %q trains with objectives of form %q, not %q", c.Form, want, o.Form)
	}
	if causal := o.Settings.Kind() == objective.KindCausalLM; (c.Form == CausalLM) != causal && c.Form != EncoderDecoder {
		return fmt.Errorf("a ul2 model of form %q does not train with the objective %q: a causal decoder needs %q, a prefix-LM decoder an objective with a prefix",
			c.Form, o.Settings.Kind(), objective.KindCausalLM)
	}
	return nil
}

// Inputs returns the tensors of an [objective.EncoderDecoderBatch] or, in the
// decoder forms, of an [objective.DecoderBatch].
func (c Config) Inputs(batch objective.Sized) (transformer.Batch, error) {
	switch b := batch.(type) {
	case objective.EncoderDecoderBatch:
		return EncoderDecoderInputs(b), nil
	case objective.DecoderBatch:
		return DecoderInputs(b), nil
	}
	return nil, fmt.Errorf("ul2: a batch of type %T has no decoder tokens", batch)
}

// Predictions returns the logits [B, Lt, V] at every position of the decoder.
func (c Config) Predictions(w transformer.Weights, in transformer.Inputs) *Node {
	var encoded *Node
	if c.Form == EncoderDecoder {
		encoded = c.Encode(w, in, transformer.Mode{})
	}
	return c.Logits(w, c.Decode(w, in, encoded, transformer.Mode{}))
}

// Cost returns the counted cost of a training step, see [Config.FLOPsPerStep]
// and [Config.ActivationBytes].
func (c Config) Cost(batchSize int, row objective.Shape) model.Cost {
	return model.Cost{
		Tokens:      batchSize * (row.Inputs + row.Targets),
		FLOPs:       c.FLOPsPerStep(batchSize, row.Inputs, row.Targets),
		Activations: c.ActivationBytes(batchSize, row.Inputs, row.Targets),
	}
}
