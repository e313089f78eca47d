package hf

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// t5Config holds the fields of T5's config.json that describe the model (transformers,
// configuration_t5.py).
type t5Config struct {
	VocabSize           int            `json:"vocab_size"`
	HiddenSize          int            `json:"d_model"`
	HeadSize            int            `json:"d_kv"`
	Heads               int            `json:"num_heads"`
	IntermediateSize    int            `json:"d_ff"`
	EncoderLayers       int            `json:"num_layers"`
	DecoderLayers       int            `json:"num_decoder_layers"` // if missing, the same as EncoderLayers
	Activation          ul2.Activation `json:"feed_forward_proj"`
	RelativeBuckets     int            `json:"relative_attention_num_buckets"`
	RelativeMaxDistance int            `json:"relative_attention_max_distance"`
	NormEpsilon         float64        `json:"layer_norm_epsilon"`
	Dropout             float64        `json:"dropout_rate"`
	InitializerFactor   float64        `json:"initializer_factor"`
	TieEmbeddings       bool           `json:"tie_word_embeddings"`
}

// t5Defaults are the values that transformers uses for missing fields.
var t5Defaults = t5Config{
	VocabSize: 32128, HiddenSize: 512, HeadSize: 64, Heads: 8, IntermediateSize: 2048, EncoderLayers: 6, Activation: "relu",
	RelativeBuckets: 32, RelativeMaxDistance: 128, NormEpsilon: 1e-6, Dropout: 0.1, InitializerFactor: 1, TieEmbeddings: true,
}

var t5Fixed = []fixed{
	{"is_decoder", false, "only a T5 with encoder and decoder can be read"},
	{"is_encoder_decoder", true, "only a T5 with encoder and decoder can be read"},
	{"is_gated_act", true, "the feed-forward network of T5 v1.1 and UL2 is gated"},
}

// t5Functions maps feed_forward_proj to the value of dense_act_fn.
var t5Functions = map[ul2.Activation]string{ul2.GatedGelu: "gelu_new", ul2.GatedSilu: "silu"}

// t5Names maps T5's parameters.
var t5Names = names{
	// All layers share the table, which transformers keeps in block 0 and we
	// outside the stack that grows.
	pairs: []pair{
		{"encoder.relative_attention_bias.weight", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
		{"decoder.relative_attention_bias.weight", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
	},
	copies: []copied{
		{"encoder.embed_tokens.weight", "shared.weight"},
		{"decoder.embed_tokens.weight", "shared.weight"},
		{"lm_head.weight", "shared.weight"}, // if the head is tied
	},
	// A table that the first checkpoints have and transformers does not use.
	ignored: []string{"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
}

func parseT5(text []byte, _ string) (train.Model, error) {
	c := t5Defaults
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	if c.DecoderLayers == 0 {
		c.DecoderLayers = c.EncoderLayers
	}
	function, ok := t5Functions[c.Activation]
	if c.Activation == "relu" {
		return nil, errors.New(`feed_forward_proj is "relu", as in the first T5 (v1.0); only the gated feed-forward network of T5 v1.1 and UL2 is supported: take a checkpoint of T5 v1.1`)
	}
	if !ok {
		return nil, fmt.Errorf("feed_forward_proj is %q, which is not supported; it is %q (T5 v1.1) or %q (UL2)", c.Activation, ul2.GatedGelu, ul2.GatedSilu)
	}
	var derived struct {
		Function *string `json:"dense_act_fn"`
	}
	if err := json.Unmarshal(text, &derived); err != nil {
		return nil, err
	}
	if f := derived.Function; f != nil && *f != function {
		return nil, fmt.Errorf("dense_act_fn is %q, but feed_forward_proj %q stands for %q; such a mixture is not supported", *f, c.Activation, function)
	}
	return ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, HeadSize: c.HeadSize, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, EncoderLayers: c.EncoderLayers, DecoderLayers: c.DecoderLayers,
		Activation: c.Activation, RelativeBuckets: c.RelativeBuckets, RelativeMaxDistance: c.RelativeMaxDistance,
		NormEpsilon: c.NormEpsilon, TieEmbeddings: c.TieEmbeddings, Dropout: c.Dropout, InitializerFactor: c.InitializerFactor,
		Precision: transformer.Float32,
	}, nil
}

// t5Fields returns the transformers class of an encoder-decoder and the fields of its
// config.json. It returns an error if transformers has no such model.
func t5Fields(c ul2.Config) (class string, fields any, err error) {
	if c.Form != ul2.EncoderDecoder {
		return "", nil, fmt.Errorf("the model's form is %q; transformers' T5 has an encoder and a decoder, and no decoder alone: only form %q can be exported",
			c.Form, ul2.EncoderDecoder)
	}
	var cache *bool // nil means transformers' default
	if cacheless(c) {
		cache = new(bool)
	}
	return "T5ForConditionalGeneration", struct {
		t5Config
		Function       string `json:"dense_act_fn"`
		Gated          bool   `json:"is_gated_act"`
		EncoderDecoder bool   `json:"is_encoder_decoder"`
		Cache          *bool  `json:"use_cache,omitempty"`
	}{t5Config{
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, HeadSize: c.HeadSize, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, EncoderLayers: c.EncoderLayers, DecoderLayers: c.DecoderLayers,
		Activation: c.Activation, RelativeBuckets: c.RelativeBuckets, RelativeMaxDistance: c.RelativeMaxDistance,
		NormEpsilon: c.NormEpsilon, Dropout: c.Dropout, InitializerFactor: c.InitializerFactor, TieEmbeddings: c.TieEmbeddings,
	}, t5Functions[c.Activation], true, true, cache}, nil
}

// cacheless reports whether transformers must generate without its cache: generate
// creates one as deep as num_layers, and fails in a deeper decoder (transformers
// 4.57.3, cache_utils.py, DynamicCache, and configuration_t5.py, attribute_map).
func cacheless(c ul2.Config) bool { return c.DecoderLayers > c.EncoderLayers }
