package ul2

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// t5Config contains the fields of T5's config.json that determine the model's
// shape (transformers, configuration_t5.py).
type t5Config struct {
	VocabSize           int         `json:"vocab_size"`
	HiddenSize          int         `json:"d_model"`
	HeadSize            int         `json:"d_kv"`
	Heads               int         `json:"num_heads"`
	IntermediateSize    int         `json:"d_ff"`
	EncoderLayers       int         `json:"num_layers"`
	DecoderLayers       int         `json:"num_decoder_layers"` // if absent, same as the encoder's
	Activation          Activation  `json:"feed_forward_proj"`
	RelativeBuckets     int         `json:"relative_attention_num_buckets"`
	RelativeMaxDistance int         `json:"relative_attention_max_distance"`
	NormEpsilon         model.Float `json:"layer_norm_epsilon"`
	Dropout             model.Float `json:"dropout_rate"`
	InitializerFactor   model.Float `json:"initializer_factor"`
	TieEmbeddings       bool        `json:"tie_word_embeddings"`
	ScaleOutputs        *bool       `json:"scale_decoder_outputs,omitempty"` // only transformers 5 has it, see parseT5
}

// t5Defaults are transformers' defaults for absent fields.
var t5Defaults = t5Config{
	VocabSize: 32128, HiddenSize: 512, HeadSize: 64, Heads: 8, IntermediateSize: 2048, EncoderLayers: 6, Activation: "relu",
	RelativeBuckets: 32, RelativeMaxDistance: 128, NormEpsilon: 1e-6, Dropout: 0.1, InitializerFactor: 1, TieEmbeddings: true,
}

var t5Fixed = []model.Fixed{
	{Field: "is_decoder", Value: false, Why: "only a T5 with encoder and decoder can be read"},
	{Field: "is_encoder_decoder", Value: true, Why: "only a T5 with encoder and decoder can be read"},
}

// t5Functions are the names of the functions that transformers derives from
// feed_forward_proj.
var t5Functions = map[Activation]string{GatedGelu: "gelu_new", GatedSilu: "silu"}

var architectures = []model.Architecture{{
	ModelType: "t5", Classes: []string{"T5ForConditionalGeneration", "T5WithLMHeadModel", "T5Model"},
	Parse: parseT5, Settle: settleT5, Fixed: t5Fixed, Names: t5Names,
	// attribute_map in configuration_t5.py
	Aliases: []model.Alias{
		{Alias: "hidden_size", Field: "d_model"}, {Alias: "num_attention_heads", Field: "num_heads"},
		{Alias: "num_hidden_layers", Field: "num_layers"}, {Alias: "head_dim", Field: "d_kv"},
	},
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
		{Copy: t5Head, Of: t5Embeddings}, // if the head is tied
	},
	Outside: t5HeadPrefix,
	NoHead:  "it contains T5 without its head, which is required and is not its embeddings; ask for a new head, and train that",
	// Early checkpoints have this table, but transformers does not use it.
	Ignored: []string{"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
}

const (
	t5HeadPrefix = "lm_head."
	t5Head       = t5HeadPrefix + "weight"
	t5Embeddings = "shared.weight"
)

// parseT5 reads a config.json of transformers 4 or 5. To version 4,
// tie_word_embeddings says whether the head is tied and scales its input. Version 5
// writes true always. It scales if scale_decoder_outputs says so, which is
// tie_word_embeddings where it is absent, and ties the head unless the
// checkpoint has another one (transformers 5.24.0, configuration_t5.py and
// modeling_utils.py, tie_weights). So the head here is tied where either allows
// it, and settleT5 looks at the checkpoint.
func parseT5(text []byte, class string) (model.Config, error) {
	c := t5Defaults
	if err := strictjson.Unmarshal(text, &c); err != nil {
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
		Gated    *bool   `json:"is_gated_act"`
	}
	if err := strictjson.Unmarshal(text, &derived); err != nil {
		return nil, err
	}
	if g := derived.Gated; g != nil && !*g {
		return nil, fmt.Errorf("is_gated_act is false, but feed_forward_proj is %q; the feed-forward network of T5 v1.1 and UL2 is gated", c.Activation)
	}
	if f := derived.Function; f != nil && *f != function {
		return nil, fmt.Errorf("dense_act_fn is %q, but feed_forward_proj %q means %q; this combination is not supported", *f, c.Activation, function)
	}
	tied, scales := c.TieEmbeddings, c.TieEmbeddings
	if c.ScaleOutputs != nil {
		// T5Model saves no head. Without a scale the head was its own, and is lost.
		tied, scales = *c.ScaleOutputs || class != "T5Model", *c.ScaleOutputs
	}
	return Config{
		Form: EncoderDecoder, VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, HeadSize: c.HeadSize, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, EncoderLayers: c.EncoderLayers, DecoderLayers: c.DecoderLayers,
		Activation: c.Activation, RelativeBuckets: c.RelativeBuckets, RelativeMaxDistance: c.RelativeMaxDistance,
		NormEpsilon: float64(c.NormEpsilon), Dropout: float64(c.Dropout), InitializerFactor: float64(c.InitializerFactor),
		Precision: transformer.Float32,
	}.withHead(tied, scales), nil
}

// settleT5 gives the model a head of its own if the checkpoint has one that
// differs from the embeddings.
func settleT5(config model.Config, tensors model.Stored) (model.Config, error) {
	c := config.(Config)
	names := []string{t5Embeddings, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}
	i := slices.IndexFunc(names, tensors.Has)
	if !c.TieEmbeddings || !tensors.Has(t5Head) || i < 0 {
		return c, nil
	}
	equal, err := tensors.Equal(t5Head, names[i])
	if err != nil || equal {
		return c, err
	}
	if c = c.withHead(false, c.scalesHead()); c.HeadScale == ScaleAlways {
		log.Warn("the head differs from the embeddings, and scales its input: it is read as by transformers 5; transformers 4 takes the embeddings instead of it", "tensor", t5Head)
	}
	return c, nil
}

// Export describes how transformers saves an encoder-decoder. It returns an
// error for other forms, which transformers does not have.
//
// Transformers 4 and 5 read the same model from it. A tied head that does not
// scale is written as a head of its own with equal values, because to version 4
// a tied head scales. A head of its own that scales is written scaled, because
// version 4 scales only a tied head.
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
	tied, scales := c.TieEmbeddings && c.scalesHead(), (*bool)(nil) // transformers 5 scales by tie_word_embeddings if the field is absent
	switch {
	case c.TieEmbeddings && !tied:
		scales = new(bool)
		e.Adapt = func(tensors growth.Tensors) { tensors[t5Head] = tensors[t5Embeddings] }
		e.Note = "the head is tied and does not scale, which transformers 4 does not have: it is written as a head of its own with the same values; transformers 5 ties it again"
	case !c.TieEmbeddings && c.scalesHead():
		e.Adapt = func(tensors growth.Tensors) {
			head := tensors[t5Head].Clone()
			for i, x := range head.Data {
				head.Data[i] = float32(float64(x) / math.Sqrt(float64(c.HiddenSize)))
			}
			tensors[t5Head] = head
		}
		e.Note = "the head is not tied but scales, which transformers 4 does not have: its weights are written scaled"
	}
	if scales == nil {
		e.Without = []string{"scale_decoder_outputs"}
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
		NormEpsilon: model.Float(c.NormEpsilon), Dropout: model.Float(c.Dropout), InitializerFactor: model.Float(c.InitializerFactor),
		TieEmbeddings: tied, ScaleOutputs: scales,
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
