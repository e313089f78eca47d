package hf

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
)

// bertConfig is what a config.json of BERT says of the model's shape
// (transformers, configuration_bert.py and configuration_megatron_bert.py).
type bertConfig struct {
	VocabSize        int     `json:"vocab_size"`
	HiddenSize       int     `json:"hidden_size"`
	Layers           int     `json:"num_hidden_layers"`
	Heads            int     `json:"num_attention_heads"`
	IntermediateSize int     `json:"intermediate_size"`
	HiddenDropout    float64 `json:"hidden_dropout_prob"`
	AttentionDropout float64 `json:"attention_probs_dropout_prob"`
	MaxPositions     int     `json:"max_position_embeddings"`
	InitializerRange float64 `json:"initializer_range"`
	LayerNormEpsilon float64 `json:"layer_norm_eps"`
}

// What transformers takes for a field that is absent.
var (
	bertDefaults = bertConfig{
		VocabSize: 30522, HiddenSize: 768, Layers: 12, Heads: 12, IntermediateSize: 3072, HiddenDropout: 0.1,
		AttentionDropout: 0.1, MaxPositions: 512, InitializerRange: 0.02, LayerNormEpsilon: 1e-12,
	}
	megatronDefaults = bertConfig{
		VocabSize: 29056, HiddenSize: 1024, Layers: 24, Heads: 16, IntermediateSize: 4096, HiddenDropout: 0.1,
		AttentionDropout: 0.1, MaxPositions: 512, InitializerRange: 0.02, LayerNormEpsilon: 1e-12,
	}
)

var bertFixed = []fixed{
	{"hidden_act", "gelu", "the feed-forward network here is BERT's, with GELU by the error function"},
	{"position_embedding_type", "absolute", "relative_key embeddings are not supported"},
	{"type_vocab_size", 2.0, "BERT here has two segments, A and B"},
	{"tie_word_embeddings", true, "the output embeddings here are the input embeddings"},
	{"is_decoder", false, "BERT here is an encoder"},
	{"is_encoder_decoder", false, "BERT here is an encoder"},
	{"add_cross_attention", false, "BERT here is an encoder"},
}

// bertNames maps BERT's parameters, whose names are the same on both sides.
var bertNames = names{
	copies: []copied{
		{"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"},
		{"cls.predictions.decoder.bias", "cls.predictions.bias"},
	},
	// Buffers that count the positions from 0.
	ignored: []string{"bert.embeddings.position_ids", "bert.embeddings.token_type_ids"},
	// What the class ForPreTraining has and ForMaskedLM has not.
	heads:       []string{"bert.pooler.dense.weight", "bert.pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias"},
	headsAdvice: "tensors of next-sentence prediction are left out; to keep them, name BertForPreTraining in architectures in config.json",
	prefix:      "bert.",
	// google-research/bert and its first PyTorch port call a LayerNorm's scale and offset so.
	legacy: map[string]string{"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"},
}

// parsePostNorm reads a BERT as published.
func parsePostNorm(text []byte, class string) (train.Model, error) {
	return parseBERT(text, class, bertDefaults, false)
}

// parsePreNorm reads Megatron's BERT, whose parameters are named as package bert
// names those of its pre-norm BERT.
func parsePreNorm(text []byte, class string) (train.Model, error) {
	return parseBERT(text, class, megatronDefaults, true)
}

func parseBERT(text []byte, class string, c bertConfig, preNorm bool) (train.Model, error) {
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	return bert.Config{
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, MaxPositions: c.MaxPositions, Positions: bert.Learned,
		LayerNormEpsilon: c.LayerNormEpsilon, InitializerRange: c.InitializerRange, PreNorm: preNorm,
		HiddenDropout: c.HiddenDropout, AttentionDropout: c.AttentionDropout,
		NextSentence: strings.HasSuffix(class, "ForPreTraining"), Precision: transformer.Float32,
	}, nil
}

// bertFields returns the class that a BERT is of and the fields of its
// config.json, or says why transformers has no such BERT.
func bertFields(c bert.Config) (class string, fields any, err error) {
	if c.Positions == bert.Relative {
		return "", nil, fmt.Errorf("the model's position_embedding_type is %q, T5's relative bias, which transformers' BERT has not; only %q and %q can be exported",
			c.Positions, bert.Learned, bert.Sinusoidal)
	}
	class = "BertForMaskedLM"
	if c.NextSentence {
		class = "BertForPreTraining"
	}
	if c.PreNorm {
		class = "Megatron" + class
	}
	return class, struct {
		bertConfig
		HiddenAct string `json:"hidden_act"`
		Positions string `json:"position_embedding_type"`
		TypeVocab int    `json:"type_vocab_size"`
		Tied      bool   `json:"tie_word_embeddings"`
	}{bertConfig{
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, HiddenDropout: c.HiddenDropout, AttentionDropout: c.AttentionDropout,
		MaxPositions: c.MaxPositions, InitializerRange: c.InitializerRange, LayerNormEpsilon: c.LayerNormEpsilon,
	}, "gelu", "absolute", 2, true}, nil
}
