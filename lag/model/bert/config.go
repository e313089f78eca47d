package bert

import (
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Positions is how the model represents the positions of tokens.
type Positions string

const (
	// Learned is BERT's table of position embeddings, initialized like the other embeddings.
	Learned Positions = "learned"
	// Sinusoidal is the same trained table, initialized with sinusoids. A small
	// model leaves the unigram plateau several times sooner with it.
	Sinusoidal Positions = "sinusoidal"
	// Relative adds T5's relative bias to the attention scores, with one table
	// for all layers, and has no position embeddings. This is not BERT as
	// published; a small model leaves the plateau even sooner. For transformers it
	// is an MPNet.
	Relative Positions = "relative"
)

// Config is the shape of a BERT model. The JSON names are Hugging Face's.
type Config struct {
	VocabSize        int       `json:"vocab_size"`              // V, tokens
	HiddenSize       int       `json:"hidden_size"`             // H
	Layers           int       `json:"num_hidden_layers"`       // depth of the encoder
	Heads            int       `json:"num_attention_heads"`     // A, divides H
	IntermediateSize int       `json:"intermediate_size"`       // F, of the feed-forward network
	MaxPositions     int       `json:"max_position_embeddings"` // longest sequence, tokens
	Positions        Positions `json:"position_embedding_type"`
	LayerNormEpsilon float64   `json:"layer_norm_eps"`
	InitializerRange float64   `json:"initializer_range"` // standard deviation of the initial weights

	PreNorm          bool    `json:"pre_norm"`                     // normalize the input of each block instead of its output, as in Megatron-LM's BERT; not BERT as published
	HiddenDropout    float64 `json:"hidden_dropout_prob"`          // of embeddings and of the output of each block
	AttentionDropout float64 `json:"attention_probs_dropout_prob"` // of attention probabilities
	NextSentence     bool    `json:"next_sentence"`                // pooler and next-sentence head

	Precision             transformer.Precision `json:"precision"`              // of activations
	GradientCheckpointing bool                  `json:"gradient_checkpointing"` // compute each layer again in the backward pass: less memory, more time
}

// New returns a BERT configuration with the published constants: F = 4H,
// LayerNorm epsilon 1e-12, initializer range 0.02 and learned positions. It has
// no dropout and no next-sentence head.
func New(layers, hidden, heads, vocab, maxPositions int) Config {
	return Config{
		VocabSize: vocab, HiddenSize: hidden, Layers: layers, Heads: heads, IntermediateSize: 4 * hidden,
		MaxPositions: maxPositions, Positions: Learned, LayerNormEpsilon: 1e-12, InitializerRange: 0.02,
		Precision: transformer.Float32,
	}
}

// Validate reports the first invalid setting and how to fix it.
func (c Config) Validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.VocabSize}, {"hidden_size", c.HiddenSize}, {"num_hidden_layers", c.Layers},
		{"num_attention_heads", c.Heads}, {"intermediate_size", c.IntermediateSize},
		{"max_position_embeddings", c.MaxPositions},
	} {
		if f.value < 1 {
			return fmt.Errorf("bert: %w", advice.Value(f.name, "is %d; it must be at least 1", f.value))
		}
		if f.value > transformer.MaxSize {
			return fmt.Errorf("bert: %w", advice.Value(f.name, "is %d; it must be at most %d", f.value, transformer.MaxSize))
		}
	}
	if c.Layers > transformer.MaxLayers {
		return fmt.Errorf("bert: num_hidden_layers is %d; it must be at most %d", c.Layers, transformer.MaxLayers)
	}
	if c.HiddenSize%c.Heads != 0 {
		return fmt.Errorf("bert: %d attention heads do not divide the hidden size %d; choose a divisor, such as %d heads",
			c.Heads, c.HiddenSize, nearestDivisor(c.HiddenSize, c.Heads))
	}
	switch c.Positions {
	case Learned, Sinusoidal, Relative:
	default:
		return fmt.Errorf("bert: unknown position_embedding_type %q; it is %q, %q or %q", c.Positions, Learned, Sinusoidal, Relative)
	}
	if !(c.LayerNormEpsilon > 0 && c.LayerNormEpsilon < 1) {
		return fmt.Errorf("bert: layer_norm_eps is %g; it must be between 0 and 1", c.LayerNormEpsilon)
	}
	if !(c.InitializerRange > 0 && c.InitializerRange < 1) {
		return fmt.Errorf("bert: initializer_range is %g; it must be between 0 and 1", c.InitializerRange)
	}
	if !(c.HiddenDropout >= 0 && c.HiddenDropout < 1) || !(c.AttentionDropout >= 0 && c.AttentionDropout < 1) {
		return fmt.Errorf("bert: hidden_dropout_prob %g and attention_probs_dropout_prob %g must be in [0, 1)", c.HiddenDropout, c.AttentionDropout)
	}
	if err := c.Precision.Validate(); err != nil {
		return fmt.Errorf("bert: precision: %w", err)
	}
	// Leave room for the bytes of a parameter and its moments, so that no count
	// overflows.
	if n := c.WithLayers(1).ParameterCount(); n > math.MaxInt/64/c.Layers {
		return fmt.Errorf("bert: %d layers of hidden size %d and intermediate size %d, with %d tokens, have more parameters than can be counted; choose smaller sizes",
			c.Layers, c.HiddenSize, c.IntermediateSize, c.VocabSize)
	}
	return nil
}

func nearestDivisor(n, near int) int {
	best := 1
	for d := 1; d <= n; d++ {
		if n%d == 0 && max(d-near, near-d) < max(best-near, near-best) {
			best = d
		}
	}
	return best
}

// WithLayers returns the configuration with another depth.
func (c Config) WithLayers(layers int) Config {
	c.Layers = layers
	return c
}

const (
	stackPrefix = "bert.encoder.layer."
	finalNorm   = "bert.encoder.ln" // only in a pre-norm model
	pooler      = "bert.pooler.dense"
	headPrefix  = "cls."
)

// Stacks describes which parameters are layers, for package growth: there is
// one stack.
func (c Config) Stacks() []growth.Stack {
	return []growth.Stack{{
		Prefix: stackPrefix,
		Depth:  c.Layers,
		OutputProjections: []string{
			"attention.output.dense.weight", "attention.output.dense.bias",
			"output.dense.weight", "output.dense.bias",
		},
		AttentionProjections: []string{
			"attention.self.query.weight", "attention.self.query.bias",
			"attention.self.key.weight", "attention.self.key.bias",
		},
	}}
}
