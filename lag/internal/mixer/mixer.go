// Package mixer is a family of models for tests: an MLP-Mixer (Tolstikhin et
// al. 2021, arXiv 2105.01601), trained as a masked language model. It shows
// what a family must implement, and that no other code needs to know about it.
package mixer

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

func init() { model.Register(Config{VocabSize: 64, Hidden: 8, Layers: 1, Length: 16}, settings, nil) }

var settings = []model.Setting[Config]{{Name: "hidden", Help: "hidden size in `units`", Set: func(c *Config, value string) (err error) {
	c.Hidden, err = transformer.ParseSize(value)
	return err
}}}

// Config is the shape of a mixer.
type Config struct {
	VocabSize int `json:"vocab_size"`
	Hidden    int `json:"hidden_size"`
	Layers    int `json:"layers_of_mixing"`
	Length    int `json:"length"` // tokens of every sequence; a layer mixes all of them
}

const prefix = "mixer.layer."

// Family returns "mixer".
func (c Config) Family() string { return "mixer" }

// Describe returns the shape in one line.
func (c Config) Describe() string {
	return fmt.Sprintf("mixer of %s, hidden size %d, sequences of %d", plain.Count(c.Layers, "layer"), c.Hidden, c.Length)
}

// Validate reports an invalid size.
func (c Config) Validate() error {
	if min(c.VocabSize, c.Hidden, c.Layers, c.Length) < 1 {
		return errors.New("mixer: every size must be at least 1")
	}
	return nil
}

// Parameters declares the embeddings, which are also the head, and for each
// layer a norm and the mixing of tokens [L, L] and of channels [H, H].
func (c Config) Parameters() []transformer.Param {
	normal := transformer.Normal(0.05)
	list := []transformer.Param{{Name: "mixer.embeddings", Shape: []int{c.VocabSize, c.Hidden}, Init: normal, Decay: true}}
	for i := range c.Layers {
		layer := fmt.Sprint(prefix, i, ".")
		list = append(list,
			transformer.Param{Name: layer + "norm.weight", Shape: []int{c.Hidden}, Init: transformer.OneInit},
			transformer.Param{Name: layer + "norm.bias", Shape: []int{c.Hidden}, Init: transformer.ZeroInit},
			transformer.Param{Name: layer + "tokens", Shape: []int{c.Length, c.Length}, Init: normal, Decay: true},
			transformer.Param{Name: layer + "channels", Shape: []int{c.Hidden, c.Hidden}, Init: normal, Decay: true})
	}
	return list
}

// Stacks returns the one stack of layers.
func (c Config) Stacks() []growth.Stack {
	return []growth.Stack{{Prefix: prefix, Depth: c.Layers, OutputProjections: []string{"channels"}}}
}

// Vocabulary returns the number of tokens.
func (c Config) Vocabulary() int { return c.VocabSize }

// MaxLength returns the length of every sequence.
func (c Config) MaxLength() int { return c.Length }

// WithDepths returns the model with depths[0] layers.
func (c Config) WithDepths(depths growth.Depths) model.Config {
	c.Layers = depths[0]
	return c
}

// WithVocabulary returns the model with another vocabulary size.
func (c Config) WithVocabulary(tokens int) model.Config {
	c.VocabSize = tokens
	return c
}

// WithMaxLength returns the model for sequences of that length.
func (c Config) WithMaxLength(tokens int) model.Config {
	c.Length = tokens
	return c
}

// Trains returns an error unless the objective is masked language modeling with
// this length.
func (c Config) Trains(o objective.Objective) error {
	if mlm, ok := o.Settings.(objective.MLM); !ok || mlm.SequenceLength != c.Length {
		return fmt.Errorf("a mixer trains only with the objective %q on sequences of %s", objective.KindMLM, plain.Count(c.Length, "token"))
	}
	return nil
}

// Inputs returns the tensors of an [objective.MLMBatch].
func (c Config) Inputs(batch objective.Sized) (transformer.Batch, error) {
	b, ok := batch.(objective.MLMBatch)
	if !ok {
		return nil, fmt.Errorf("mixer: a batch of type %T has no masked tokens", batch)
	}
	return transformer.Batch{
		"tokens":        tensors.FromFlatDataAndDimensions(b.Tokens, b.Size, b.Length),
		model.Positions: tensors.FromFlatDataAndDimensions(b.Positions, b.Size, b.Predictions),
		model.Labels:    tensors.FromFlatDataAndDimensions(b.Labels, b.Size, b.Predictions),
		model.Weights:   tensors.FromFlatDataAndDimensions(b.Weights, b.Size, b.Predictions),
	}, nil
}

// hidden returns the hidden states [B, L, H].
func (c Config) hidden(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) *Node {
	x := Gather(w.Get("mixer.embeddings"), InsertAxes(in["tokens"], -1))
	for i := range c.Layers {
		layer := w.In(prefix, i)
		y := transformer.LayerNorm(layer.In("norm"), x, 1e-6)
		y = Einsum("blh,ml->bmh", y, layer.Get("tokens"))
		y = Add(x, Einsum("blh,gh->blg", transformer.Gelu(y), layer.Get("channels")))
		if g := mode.Gate(i); g != nil {
			y = transformer.Gate(g, x, y)
		}
		x = y
	}
	return x
}

// Loss returns the cross-entropy at the masked positions.
func (c Config) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	x := c.hidden(w, in, mode)
	B, P := in[model.Positions].Shape().Dimensions[0], in[model.Positions].Shape().Dimensions[1]
	row := MulScalar(Iota(x.Graph(), in[model.Positions].Shape(), 0), c.Length)
	x = Gather(Reshape(x, B*c.Length, c.Hidden), Reshape(Add(row, in[model.Positions]), B*P, 1))
	logits := transformer.Logits(x, w.Get("mixer.embeddings"))
	sum, count := mode.CrossEntropy(logits, Reshape(in[model.Labels], B*P), Reshape(in[model.Weights], B*P))
	return []transformer.Term{{Name: "mlm", Sum: sum, Count: count}}
}

// Predictions returns the logits [B, L, V].
func (c Config) Predictions(w transformer.Weights, in transformer.Inputs) *Node {
	return transformer.Logits(c.hidden(w, in, transformer.Mode{}), w.Get("mixer.embeddings"))
}

// Cost counts the matrix products of a step.
func (c Config) Cost(batchSize int, row objective.Shape) model.Cost {
	B, L, H := float64(batchSize), float64(c.Length), float64(c.Hidden)
	layer := 2 * (L*L*H + L*H*H)
	return model.Cost{
		Tokens:      batchSize * c.Length,
		FLOPs:       3 * B * (float64(c.Layers)*layer + 2*float64(row.Predictions)*H*float64(c.VocabSize)),
		Activations: int64(4 * B * L * H * float64(4*c.Layers)),
	}
}

var errNone = errors.New("transformers has no such mixer")

// Export returns an error: transformers has no such model.
func (c Config) Export() (model.Export, error) { return model.Export{}, errNone }

// TransformersBatch returns an error: transformers has no such model.
func (c Config) TransformersBatch() (model.TransformersBatch, error) {
	return model.TransformersBatch{}, errNone
}
