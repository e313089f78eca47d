package ul2

import (
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Form is the architecture of a model.
type Form string

const (
	// EncoderDecoder reads the input with an encoder. A decoder attends to it
	// and predicts the target, as in T5.
	EncoderDecoder Form = "encoder-decoder"
	// PrefixLM is a decoder without an encoder. Tokens of the prefix attend to
	// each other in both directions (Raffel et al. 2020, section 3.2.1).
	PrefixLM Form = "prefix-lm"
	// CausalLM is a decoder without an encoder in which no token attends to a
	// later one.
	CausalLM Form = "causal-lm"
)

// Activation is the activation of the feed-forward network's gate.
type Activation string

const (
	// GatedGelu is T5 v1.1's activation: GELU with the tanh approximation
	// (GEGLU).
	GatedGelu Activation = "gated-gelu"
	// GatedSilu is UL2's activation: SiLU, also called Swish (SwiGLU).
	GatedSilu Activation = "gated-silu"
)

// HeadScale is whether the head scales the decoder's output by H^-½ before the
// product with its weights.
type HeadScale string

const (
	// ScaleTied scales if the head is tied to the embeddings, as in T5 and
	// T5 v1.1 as published.
	ScaleTied HeadScale = ""
	// ScaleAlways scales. Only a head of its own needs it to say so.
	ScaleAlways HeadScale = "always"
	// ScaleNever does not scale. Only a tied head needs it to say so.
	ScaleNever HeadScale = "never"
)

// Config is the shape of a UL2 model. The JSON names are those of Hugging
// Face's T5 configuration, except form, z_loss, precision and
// gradient_checkpointing. scale_decoder_outputs is a word here, and absent
// where it follows from tie_word_embeddings.
type Config struct {
	Form                  Form                  `json:"form"`
	VocabSize             int                   `json:"vocab_size"`                      // V, tokens
	HiddenSize            int                   `json:"d_model"`                         // H
	HeadSize              int                   `json:"d_kv"`                            // D
	Heads                 int                   `json:"num_heads"`                       // A; A·D need not be H
	IntermediateSize      int                   `json:"d_ff"`                            // F, of the feed-forward network
	EncoderLayers         int                   `json:"num_layers"`                      // depth of the encoder; 0 in the decoder forms
	DecoderLayers         int                   `json:"num_decoder_layers"`              // depth of the decoder
	Activation            Activation            `json:"feed_forward_proj"`               // of the feed-forward network's gate
	RelativeBuckets       int                   `json:"relative_attention_num_buckets"`  // rows of a table of relative position biases
	RelativeMaxDistance   int                   `json:"relative_attention_max_distance"` // tokens; all longer distances share a bucket
	NormEpsilon           float64               `json:"layer_norm_epsilon"`
	TieEmbeddings         bool                  `json:"tie_word_embeddings"` // use the input embeddings as the head
	HeadScale             HeadScale             `json:"scale_decoder_outputs,omitempty"`
	Dropout               float64               `json:"dropout_rate"`       // probability, wherever T5 has dropout
	InitializerFactor     float64               `json:"initializer_factor"` // scales all initial weights; 1 as published
	ZLoss                 float64               `json:"z_loss"`             // weight of log(Z)² in the training loss; 0 for none
	Precision             transformer.Precision `json:"precision"`
	GradientCheckpointing bool                  `json:"gradient_checkpointing"` // compute each layer again in the backward pass: less memory, more time
}

// Validate reports the first invalid setting and how to fix it.
func (c Config) Validate() error {
	switch c.Form {
	case EncoderDecoder:
		if c.EncoderLayers < 1 {
			return fmt.Errorf("ul2: num_layers is %d; an encoder has at least 1 layer", c.EncoderLayers)
		}
	case PrefixLM, CausalLM:
		if c.EncoderLayers != 0 {
			return fmt.Errorf("ul2: num_layers is %d in form %q, which has no encoder; set it to 0, and set the depth with num_decoder_layers", c.EncoderLayers, c.Form)
		}
	default:
		return fmt.Errorf("ul2: unknown form %q; it is %q, %q or %q", c.Form, EncoderDecoder, PrefixLM, CausalLM)
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.VocabSize}, {"d_model", c.HiddenSize}, {"d_kv", c.HeadSize}, {"num_heads", c.Heads},
		{"d_ff", c.IntermediateSize}, {"num_decoder_layers", c.DecoderLayers},
		{"relative_attention_num_buckets", c.RelativeBuckets}, {"relative_attention_max_distance", c.RelativeMaxDistance},
	} {
		if f.value < 1 {
			return fmt.Errorf("ul2: %w", advice.Value(f.name, "is %d; it must be at least 1", f.value))
		}
		if f.value > transformer.MaxSize {
			return fmt.Errorf("ul2: %w", advice.Value(f.name, "is %d; it must be at most %d", f.value, transformer.MaxSize))
		}
	}
	if c.EncoderLayers > transformer.MaxLayers || c.DecoderLayers > transformer.MaxLayers {
		return fmt.Errorf("ul2: num_layers is %d and num_decoder_layers %d; they must be at most %d", c.EncoderLayers, c.DecoderLayers, transformer.MaxLayers)
	}
	if c.Heads > transformer.MaxSize/c.HeadSize {
		return fmt.Errorf("ul2: num_heads %d times d_kv %d must be at most %d", c.Heads, c.HeadSize, transformer.MaxSize)
	}
	if c.Activation != GatedGelu && c.Activation != GatedSilu {
		return fmt.Errorf("ul2: unknown feed_forward_proj %q; it is %q or %q", c.Activation, GatedGelu, GatedSilu)
	}
	switch c.HeadScale {
	case ScaleTied, ScaleAlways, ScaleNever:
	default:
		return fmt.Errorf("ul2: unknown scale_decoder_outputs %q; it is %q or %q, or absent to scale if the head is tied", c.HeadScale, ScaleAlways, ScaleNever)
	}
	// The smaller half of the buckets of a direction contain one distance each.
	if c.RelativeBuckets < 4 || c.RelativeBuckets%2 != 0 {
		return fmt.Errorf("ul2: relative_attention_num_buckets is %d; it must be even and at least 4", c.RelativeBuckets)
	}
	if c.RelativeMaxDistance <= c.RelativeBuckets/2 {
		return fmt.Errorf("ul2: relative_attention_max_distance is %d; it must be more than half of the %d buckets", c.RelativeMaxDistance, c.RelativeBuckets)
	}
	if !(c.NormEpsilon > 0 && c.NormEpsilon < 1) {
		return fmt.Errorf("ul2: layer_norm_epsilon is %g; it must be between 0 and 1", c.NormEpsilon)
	}
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		return fmt.Errorf("ul2: dropout_rate is %g; it must be at least 0 and less than 1", c.Dropout)
	}
	if !(c.InitializerFactor > 0 && c.InitializerFactor <= 100) {
		return fmt.Errorf("ul2: initializer_factor is %g; it must be more than 0, at most 100, and is 1 as published", c.InitializerFactor)
	}
	if !(c.ZLoss >= 0 && c.ZLoss < 1) {
		return fmt.Errorf("ul2: z_loss is %g; it must be at least 0 and less than 1 (T5: 1e-4)", c.ZLoss)
	}
	if err := c.Precision.Validate(); err != nil {
		return fmt.Errorf("ul2: precision: %w", err)
	}
	// Leave room for the bytes of a parameter and its moments, so that no count
	// overflows.
	depth := max(c.EncoderLayers, c.DecoderLayers)
	if n := c.WithLayers(min(c.EncoderLayers, 1), 1).ParameterCount(); n > math.MaxInt/64/depth {
		return fmt.Errorf("ul2: %d layers of d_model %d and d_ff %d, with %d tokens, have more parameters than can be counted; choose smaller sizes",
			depth, c.HiddenSize, c.IntermediateSize, c.VocabSize)
	}
	return nil
}

// WithLayers returns the configuration with other depths. encoder is 0 in the
// decoder forms.
func (c Config) WithLayers(encoder, decoder int) Config {
	c.EncoderLayers, c.DecoderLayers = encoder, decoder
	return c
}

// scalesHead reports whether the head scales the decoder's output.
func (c Config) scalesHead() bool {
	return c.HeadScale == ScaleAlways || c.HeadScale == ScaleTied && c.TieEmbeddings
}

// withHead returns the configuration with a head that is tied or not, and that
// scales or not.
func (c Config) withHead(tied, scales bool) Config {
	c.TieEmbeddings, c.HeadScale = tied, ScaleTied
	switch {
	case scales && !tied:
		c.HeadScale = ScaleAlways
	case tied && !scales:
		c.HeadScale = ScaleNever
	}
	return c
}

const (
	encoderPrefix = "encoder.block."
	decoderPrefix = "decoder.block."
)

// Family returns the name of the family in results and run directories.
func (c Config) Family() string { return "ul2" }

// Stacks describes which parameters are layers, for package growth: those of
// the encoder, if there is one, and then those of the decoder.
func (c Config) Stacks() []growth.Stack {
	if c.Form != EncoderDecoder {
		return []growth.Stack{{
			Prefix:               decoderPrefix,
			Depth:                c.DecoderLayers,
			OutputProjections:    []string{"layer.0.SelfAttention.o.weight", "layer.1.DenseReluDense.wo.weight"},
			AttentionProjections: []string{"layer.0.SelfAttention.q.weight", "layer.0.SelfAttention.k.weight"},
		}}
	}
	return []growth.Stack{{
		Prefix:               encoderPrefix,
		Depth:                c.EncoderLayers,
		OutputProjections:    []string{"layer.0.SelfAttention.o.weight", "layer.1.DenseReluDense.wo.weight"},
		AttentionProjections: []string{"layer.0.SelfAttention.q.weight", "layer.0.SelfAttention.k.weight"},
	}, {
		Prefix: decoderPrefix,
		Depth:  c.DecoderLayers,
		OutputProjections: []string{
			"layer.0.SelfAttention.o.weight", "layer.1.EncDecAttention.o.weight", "layer.2.DenseReluDense.wo.weight",
		},
		AttentionProjections: []string{
			"layer.0.SelfAttention.q.weight", "layer.0.SelfAttention.k.weight",
			"layer.1.EncDecAttention.q.weight", "layer.1.EncDecAttention.k.weight",
		},
	}}
}
