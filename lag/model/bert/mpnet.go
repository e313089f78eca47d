package bert

import (
	"errors"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// The BERT of transformers has no relative positions, but its MPNet (Song et al.
// 2020, arXiv 2004.09297) has: it is a post-norm BERT with T5's relative bias, one
// table for all layers, and with a table of absolute positions, but without token
// types. So a model with relative positions is an MPNet whose absolute positions
// are all the same: what every token of segment A gets in BERT. (transformers
// 4.57.3 and 5.24.0, modeling_mpnet.py.)

// mpnetConfig contains the fields of MPNet's config.json that determine the shape.
type mpnetConfig struct {
	transformersConfig
	Buckets int `json:"relative_attention_num_buckets"`
}

var mpnetDefaults = mpnetConfig{transformersConfig{
	VocabSize: 30527, HiddenSize: 768, Layers: 12, Heads: 12, IntermediateSize: 3072, HiddenDropout: 0.1,
	AttentionDropout: 0.1, MaxPositions: 512, InitializerRange: 0.02, LayerNormEpsilon: 1e-12,
}, relativeBias.Buckets}

const (
	// mpnetFirst is the row of the first position in MPNet's table. Those before it
	// are for padding.
	mpnetFirst = 2

	mpnetPositions = "mpnet.embeddings.position_embeddings.weight"
	mpnetTypes     = "mpnet.embeddings.token_type_embeddings.weight" // a name that MPNet does not have
	tokenTypeTable = "bert.embeddings.token_type_embeddings.weight"
)

var mpnetFixed = []model.Fixed{
	{Field: "hidden_act", Value: "gelu", Why: "the feed-forward network here is BERT's, with GELU by the error function"},
	{Field: "relative_attention_num_buckets", Value: float64(relativeBias.Buckets), Why: "BERT's relative positions here have as many buckets as T5's"},
	{Field: "tie_word_embeddings", Value: true, Why: "the output embeddings here are the input embeddings"},
	{Field: "is_decoder", Value: false, Why: "BERT here is an encoder"},
	{Field: "is_encoder_decoder", Value: false, Why: "BERT here is an encoder"},
	{Field: "add_cross_attention", Value: false, Why: "BERT here is an encoder"},
}

var mpnetNames = model.TensorNames{
	Parts: []model.TensorPair{
		{Ours: "bert.", Theirs: "mpnet."},
		{Ours: ".attention.self.query.", Theirs: ".attention.attn.q."},
		{Ours: ".attention.self.key.", Theirs: ".attention.attn.k."},
		{Ours: ".attention.self.value.", Theirs: ".attention.attn.v."},
		{Ours: ".attention.output.dense.", Theirs: ".attention.attn.o."},
		{Ours: ".attention.output.LayerNorm.", Theirs: ".attention.LayerNorm."},
		{Ours: "cls.predictions.transform.dense.", Theirs: "lm_head.dense."},
		{Ours: "cls.predictions.transform.LayerNorm.", Theirs: "lm_head.layer_norm."},
		{Ours: "cls.predictions.", Theirs: "lm_head."},
	},
	Copies: []model.TensorCopy{
		{Copy: "lm_head.decoder.weight", Of: "mpnet.embeddings.word_embeddings.weight"},
		{Copy: "lm_head.decoder.bias", Of: "lm_head.bias"},
	},
	Ignored:     []string{"mpnet.embeddings.position_ids"},
	Heads:       []string{"mpnet.pooler.dense.weight", "mpnet.pooler.dense.bias"},
	HeadsAdvice: "tensors that the language model does not have are dropped",
	OtherHeads:  otherHeads,
	Prefix:      "mpnet.",
	Outside:     "lm_head.",
	NoHead:      tensorNames.NoHead,
}

// parseMPNet reads the shape of an MPNet.
func parseMPNet(text []byte, _ string) (model.Config, error) {
	c := mpnetDefaults
	if err := strictjson.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	config := c.config()
	config.MaxPositions, config.Positions = c.MaxPositions-mpnetFirst, Relative
	return config, nil
}

// deriveMPNet returns the token types of an MPNet that was a BERT with relative
// positions: both are what its absolute positions all are.
func deriveMPNet(config model.Config, parameter string, read model.Reader) (t growth.Tensor, ok bool, err error) {
	if parameter != tokenTypeTable {
		return t, false, nil
	}
	c := config.(Config)
	table, err := read(mpnetPositions, c.MaxPositions+mpnetFirst, c.HiddenSize)
	if err != nil {
		return t, true, err
	}
	rows := table.Data[mpnetFirst*c.HiddenSize:]
	first := rows[:c.HiddenSize]
	for row := range slices.Chunk(rows, c.HiddenSize) {
		if !slices.Equal(row, first) {
			return t, true, errors.New("the model has absolute positions besides its relative ones, which BERT here does not have; only an MPNet that lag has written, and whose " + mpnetPositions + " was not trained since, can be read")
		}
	}
	return growth.Tensor{Shape: []int{tokenTypes, c.HiddenSize}, Data: slices.Concat(first, first)}, true, nil
}

// mpnetExport describes a model with relative positions as MPNet.
func (c Config) mpnetExport() (model.Export, error) {
	switch {
	case c.PreNorm:
		return model.Export{}, errors.New(`the model has pre_norm and the position_embedding_type "relative"; transformers has no such model, so only one of them can be exported`)
	case c.NextSentence:
		return model.Export{}, errors.New(`the model has next_sentence and the position_embedding_type "relative"; transformers has no such model, so only one of them can be exported`)
	}
	shape := c.transformersConfig()
	shape.MaxPositions += mpnetFirst
	return model.Export{
		ModelType: "mpnet", Class: "MPNetForMaskedLM",
		Note: "transformers' BERT has no relative positions, so the model is written as its MPNet, which computes the same",
		Fields: struct {
			mpnetConfig
			HiddenAct string `json:"hidden_act"`
			Tied      bool   `json:"tie_word_embeddings"`
		}{mpnetConfig{shape, relativeBias.Buckets}, "gelu", true},
		Adapt: func(tensors growth.Tensors) {
			types := tensors[mpnetTypes]
			delete(tensors, mpnetTypes)
			rows := c.MaxPositions + mpnetFirst
			tensors[mpnetPositions] = growth.Tensor{Shape: []int{rows, c.HiddenSize}, Data: slices.Repeat(types.Data[:c.HiddenSize], rows)}
		},
	}, nil
}

// mpnetTokenizer is without token types, which MPNet's forward refuses.
var mpnetTokenizer = model.TokenizerKind{Special: tokenizer.Special, Inputs: []string{"input_ids", "attention_mask"}}

// config returns the model with that shape and learned positions.
func (c transformersConfig) config() Config {
	return Config{
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, MaxPositions: c.MaxPositions, Positions: Learned,
		LayerNormEpsilon: float64(c.LayerNormEpsilon), InitializerRange: float64(c.InitializerRange),
		HiddenDropout: float64(c.HiddenDropout), AttentionDropout: float64(c.AttentionDropout), Precision: transformer.Float32,
	}
}

// transformersConfig returns the fields for the model's shape.
func (c Config) transformersConfig() transformersConfig {
	return transformersConfig{
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Heads: c.Heads,
		IntermediateSize: c.IntermediateSize, HiddenDropout: model.Float(c.HiddenDropout), AttentionDropout: model.Float(c.AttentionDropout),
		MaxPositions: c.MaxPositions, InitializerRange: model.Float(c.InitializerRange), LayerNormEpsilon: model.Float(c.LayerNormEpsilon),
	}
}
