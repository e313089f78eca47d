package ul2

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// t5Config contains the fields of T5's config.json that determine the model's
// shape (transformers, configuration_t5.py).
type t5Config struct {
	VocabSize           int        `json:"vocab_size"`
	HiddenSize          int        `json:"d_model"`
	HeadSize            int        `json:"d_kv"`
	Heads               int        `json:"num_heads"`
	IntermediateSize    int        `json:"d_ff"`
	EncoderLayers       int        `json:"num_layers"`
	DecoderLayers       int        `json:"num_decoder_layers"` // if absent, same as the encoder's
	Activation          Activation `json:"feed_forward_proj"`
	RelativeBuckets     int        `json:"relative_attention_num_buckets"`
	RelativeMaxDistance int        `json:"relative_attention_max_distance"`
	NormEpsilon         float64    `json:"layer_norm_epsilon"`
	Dropout             float64    `json:"dropout_rate"`
	InitializerFactor   float64    `json:"initializer_factor"`
	TieEmbeddings       bool       `json:"tie_word_embeddings"`
}

// t5Defaults are transformers' defaults for absent fields.
var t5Defaults = t5Config{
	VocabSize: 32128, HiddenSize: 512, HeadSize: 64, Heads: 8, IntermediateSize: 2048, EncoderLayers: 6, Activation: "relu",
	RelativeBuckets: 32, RelativeMaxDistance: 128, NormEpsilon: 1e-6, Dropout: 0.1, InitializerFactor: 1, TieEmbeddings: true,
}

var t5Fixed = []model.Fixed{
	{Field: "is_decoder", Value: false, Why: "only a T5 with encoder and decoder can be read"},
	{Field: "is_encoder_decoder", Value: true, Why: "only a T5 with encoder and decoder can be read"},
	{Field: "is_gated_act", Value: true, Why: "the feed-forward network of T5 v1.1 and UL2 is gated"},
}

// t5Functions are the names of the functions that transformers derives from
// feed_forward_proj.
var t5Functions = map[Activation]string{GatedGelu: "gelu_new", GatedSilu: "silu"}

var architectures = []model.Architecture{{
	ModelType: "t5", Classes: []string{"T5ForConditionalGeneration", "T5WithLMHeadModel", "T5Model"},
	Parse: parseT5, Fixed: t5Fixed, Names: t5Names,
	Tokenizer: model.TokenizerKind{
		SentencePiece: "spiece.model", SentencePieceClass: "T5Tokenizer", Special: []string{"eos_token"}, Generates: true,
		Inputs: []string{"input_ids", "attention_mask"}, // generate refuses token_type_ids
	},
}}

// t5Names maps T5's parameters.
var t5Names = model.TensorNames{
	// All layers share the table. Transformers keeps it in block 0; here it is
	// outside the stack that grows.
	Pairs: []model.TensorPair{
		{Ours: "encoder.relative_attention_bias.weight", Theirs: "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
		{Ours: "decoder.relative_attention_bias.weight", Theirs: "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"},
	},
	Copies: []model.TensorCopy{
		{Copy: "encoder.embed_tokens.weight", Of: "shared.weight"},
		{Copy: "decoder.embed_tokens.weight", Of: "shared.weight"},
		{Copy: "lm_head.weight", Of: "shared.weight"}, // if the head is tied
	},
	// Early checkpoints have this table, but transformers does not use it.
	Ignored: []string{"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
}

func parseT5(text []byte, _ string) (model.Config, error) {
	c := t5Defaults
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	if c.DecoderLayers == 0 {
		c.DecoderLayers = c.EncoderLayers
	}
	function, ok := t5Functions[c.Activation]
	if c.Activation == "relu" {
		return nil, errors.New(`feed_forward_proj is "relu", as in the first T5 (v1.0); only the gated feed-forward network of T5 v1.1 and UL2 is supported; take a checkpoint of T5 v1.1`)
	}
	if !ok {
		return nil, fmt.Errorf("feed_forward_proj is %q, which is not supported; it is %q (T5 v1.1) or %q (UL2)", c.Activation, GatedGelu, GatedSilu)
	}
	var derived struct {
		Function *string `json:"dense_act_fn"`
	}
	if err := json.Unmarshal(text, &derived); err != nil {
		return nil, err
	}
	if f := derived.Function; f != nil && *f != function {
		return nil, fmt.Errorf("dense_act_fn is %q, but feed_forward_proj %q means %q; this combination is not supported", *f, c.Activation, function)
	}
	return Config{
		Form: EncoderDecoder, VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, HeadSize: c.HeadSize, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, EncoderLayers: c.EncoderLayers, DecoderLayers: c.DecoderLayers,
		Activation: c.Activation, RelativeBuckets: c.RelativeBuckets, RelativeMaxDistance: c.RelativeMaxDistance,
		NormEpsilon: c.NormEpsilon, TieEmbeddings: c.TieEmbeddings, Dropout: c.Dropout, InitializerFactor: c.InitializerFactor,
		Precision: transformer.Float32,
	}, nil
}

// Export describes how transformers saves an encoder-decoder. It returns an
// error for other forms, which transformers does not have.
func (c Config) Export() (model.Export, error) {
	if c.Form != EncoderDecoder {
		return model.Export{}, fmt.Errorf("the model's form is %q; transformers' T5 always has an encoder and a decoder, so only form %q can be exported",
			c.Form, EncoderDecoder)
	}
	// generate makes a cache as deep as num_layers, which fails if the decoder
	// is deeper (transformers 4.57.3, cache_utils.py, DynamicCache, and
	// configuration_t5.py, attribute_map).
	e := model.Export{ModelType: "t5", Class: "T5ForConditionalGeneration", NoCache: c.DecoderLayers > c.EncoderLayers}
	var cache *bool // nil means transformers' default
	if e.NoCache {
		cache = new(bool)
	}
	e.Fields = struct {
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
	}, t5Functions[c.Activation], true, true, cache}
	return e, nil
}

// TransformersBatch describes the tensors that transformers reads from an
// encoder-decoder's batches.
func (c Config) TransformersBatch() (model.TransformersBatch, error) {
	if c.Form != EncoderDecoder {
		return model.TransformersBatch{}, fmt.Errorf("a ul2 model of form %q cannot be replayed; only form %q can", c.Form, EncoderDecoder)
	}
	const tokens = "the vocabulary has %d tokens"
	return model.TransformersBatch{Fields: []model.BatchField{
		{Name: InputIDs, Values: c.VocabSize, What: tokens},
		{Name: AttentionMask, Like: InputIDs, Values: 2, What: "a mask has %d values, 0 and 1", Optional: true},
		{Name: DecoderInputIDs, Values: c.VocabSize, What: tokens},
		{Name: Labels, Like: DecoderInputIDs, Values: c.VocabSize, What: tokens},
	}}, nil
}
