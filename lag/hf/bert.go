package hf

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
)

// bertConfig holds the fields of BERT's config.json that describe the model
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

// The values that transformers uses for missing fields.
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
	{"hidden_act", "gelu", "only BERT's exact GELU (with the error function) is supported"},
	{"position_embedding_type", "absolute", "relative_key embeddings are not supported"},
	{"type_vocab_size", 2.0, "only two segments, A and B, are supported"},
	{"tie_word_embeddings", true, "the output embeddings must be the input embeddings"},
	{"is_decoder", false, "only an encoder is supported"},
	{"is_encoder_decoder", false, "only an encoder is supported"},
	{"add_cross_attention", false, "only an encoder is supported"},
}

// bertNames maps BERT's parameters, which have the same names on both sides.
var bertNames = names{
	copies: []copied{
		{"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"},
		{"cls.predictions.decoder.bias", "cls.predictions.bias"},
	},
	// Buffers that count the positions from 0.
	ignored: []string{"bert.embeddings.position_ids", "bert.embeddings.token_type_ids"},
	// Tensors that the class ForPreTraining has and ForMaskedLM does not have.
	heads:       []string{"bert.pooler.dense.weight", "bert.pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias"},
	headsAdvice: "tensors of next-sentence prediction are ignored; to keep them, set architectures in config.json to BertForPreTraining",
	prefix:      "bert.",
	// The names of a LayerNorm's scale and offset in google-research/bert and its first PyTorch port.
	legacy: map[string]string{"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"},
}

// parsePostNorm parses the configuration of a BERT as published.
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

// bertFields returns the transformers class of a BERT and the fields of its
// config.json. It returns an error if transformers has no such BERT.
func bertFields(c bert.Config) (class string, fields any, err error) {
	if c.Positions == bert.Relative {
		return "", nil, fmt.Errorf("the model's position_embedding_type is %q, T5's relative bias, which transformers' BERT does not have; only %q and %q can be exported",
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
