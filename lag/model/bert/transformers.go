package bert

import (
	"errors"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/model"
)

// transformersConfig contains the fields of BERT's config.json that determine
// the model's shape (transformers, configuration_bert.py and
// configuration_megatron_bert.py).
type transformersConfig struct {
	VocabSize        int         `json:"vocab_size"`
	HiddenSize       int         `json:"hidden_size"`
	Layers           int         `json:"num_hidden_layers"`
	Heads            int         `json:"num_attention_heads"`
	IntermediateSize int         `json:"intermediate_size"`
	HiddenDropout    model.Float `json:"hidden_dropout_prob"`
	AttentionDropout model.Float `json:"attention_probs_dropout_prob"`
	MaxPositions     int         `json:"max_position_embeddings"`
	InitializerRange model.Float `json:"initializer_range"`
	LayerNormEpsilon model.Float `json:"layer_norm_eps"`
}

// Defaults of transformers for absent fields.
var (
	bertDefaults = transformersConfig{
		VocabSize: 30522, HiddenSize: 768, Layers: 12, Heads: 12, IntermediateSize: 3072, HiddenDropout: 0.1,
		AttentionDropout: 0.1, MaxPositions: 512, InitializerRange: 0.02, LayerNormEpsilon: 1e-12,
	}
	megatronDefaults = transformersConfig{
		VocabSize: 29056, HiddenSize: 1024, Layers: 24, Heads: 16, IntermediateSize: 4096, HiddenDropout: 0.1,
		AttentionDropout: 0.1, MaxPositions: 512, InitializerRange: 0.02, LayerNormEpsilon: 1e-12,
	}
)

var fixed = []model.Fixed{
	{Field: "hidden_act", Value: "gelu", Why: "the feed-forward network here is BERT's, with GELU by the error function"},
	{Field: "position_embedding_type", Value: "absolute", Why: "relative_key embeddings are not supported"},
	{Field: "type_vocab_size", Value: 2.0, Why: "BERT here has two segments, A and B"},
	{Field: "tie_word_embeddings", Value: true, Why: "the output embeddings here are the input embeddings"},
	{Field: "is_decoder", Value: false, Why: "BERT here is an encoder"},
	{Field: "is_encoder_decoder", Value: false, Why: "BERT here is an encoder"},
	{Field: "add_cross_attention", Value: false, Why: "BERT here is an encoder"},
}

// tensorNames maps the parameters. Most have the same name on both sides.
var tensorNames = model.TensorNames{
	Copies: []model.TensorCopy{
		{Copy: "cls.predictions.decoder.weight", Of: "bert.embeddings.word_embeddings.weight"},
		{Copy: "cls.predictions.decoder.bias", Of: "cls.predictions.bias"},
	},
	// Buffers that count the positions from 0.
	Ignored: []string{"bert.embeddings.position_ids", "bert.embeddings.token_type_ids"},
	// Tensors of the class ForPreTraining that ForMaskedLM does not have.
	Heads:       []string{"bert.pooler.dense.weight", "bert.pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias"},
	HeadsAdvice: "tensors of next-sentence prediction are dropped; to keep them, name BertForPreTraining in architectures in config.json",
	OtherHeads:  otherHeads,
	Prefix:      "bert.",
	Outside:     headPrefix,
	NoHead:      "it contains BERT without the head of the language model, which is required; ask for a new head, and train that",
	// google-research/bert and its first PyTorch port use these names for a
	// LayerNorm's scale and offset.
	Legacy: map[string]string{"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"},
}

// otherHeads are the prefixes of the heads of classifiers, of tokens too, and of those
// that answer questions.
var otherHeads = []string{"classifier.", "qa_outputs."}

// bodies returns the classes with such heads, whose names begin alike.
func bodies(name string) []string {
	return []string{name + "ForSequenceClassification", name + "ForTokenClassification", name + "ForMultipleChoice", name + "ForQuestionAnswering"}
}

var tokenizer = model.TokenizerKind{Special: []string{"cls_token", "sep_token"}, Inputs: []string{"input_ids", "token_type_ids", "attention_mask"}}

var architectures = []model.Architecture{
	{
		ModelType: "bert", Classes: []string{"BertForMaskedLM", "BertForPreTraining", "BertModel"},
		Bodies: bodies("Bert"), Parse: parsePostNorm, Fixed: fixed, Names: tensorNames, Tokenizer: tokenizer,
	}, {
		ModelType: "megatron-bert", Classes: []string{"MegatronBertForMaskedLM", "MegatronBertForPreTraining", "MegatronBertModel"},
		Bodies: bodies("MegatronBert"), Parse: parsePreNorm, Fixed: fixed, Names: tensorNames, Tokenizer: tokenizer,
	}, {
		ModelType: "mpnet", Classes: []string{"MPNetForMaskedLM", "MPNetModel"},
		Bodies: bodies("MPNet"), Parse: parseMPNet, Derive: deriveMPNet, Fixed: mpnetFixed, Names: mpnetNames, Tokenizer: mpnetTokenizer,
	},
}

// parsePostNorm reads a BERT as published.
func parsePostNorm(text []byte, class string) (model.Config, error) {
	return parseBERT(text, class, bertDefaults, false)
}

// parsePreNorm reads Megatron's BERT. Its parameters have the same names as in
// package bert's pre-norm model.
func parsePreNorm(text []byte, class string) (model.Config, error) {
	return parseBERT(text, class, megatronDefaults, true)
}

func parseBERT(text []byte, class string, c transformersConfig, preNorm bool) (model.Config, error) {
	if err := strictjson.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	config := c.config()
	config.PreNorm, config.NextSentence = preNorm, strings.HasSuffix(class, "ForPreTraining")
	return config, nil
}

// Export describes how transformers saves the model, or returns an error if it
// cannot.
func (c Config) Export() (model.Export, error) {
	if c.Positions == Relative {
		return c.mpnetExport()
	}
	e := model.Export{ModelType: "bert", Class: "BertForMaskedLM"}
	if c.NextSentence {
		e.Class = "BertForPreTraining"
	}
	if c.PreNorm {
		e.ModelType, e.Class = "megatron-bert", "Megatron"+e.Class
	}
	e.Fields = struct {
		transformersConfig
		HiddenAct string `json:"hidden_act"`
		Positions string `json:"position_embedding_type"`
		TypeVocab int    `json:"type_vocab_size"`
		Tied      bool   `json:"tie_word_embeddings"`
	}{c.transformersConfig(), "gelu", "absolute", tokenTypes, true}
	return e, nil
}

// TransformersBatch describes the tensors that transformers reads from the
// model's batches.
func (c Config) TransformersBatch() (model.TransformersBatch, error) {
	if c.NextSentence {
		return model.TransformersBatch{}, errors.New("a BERT with a next-sentence head cannot be replayed; save it as BertForMaskedLM")
	}
	const tokens = "the vocabulary has %d tokens"
	return model.TransformersBatch{Compact: true, Fields: []model.BatchField{
		{Name: InputIDs, Values: c.VocabSize, What: tokens},
		{Name: AttentionMask, Like: InputIDs, Values: 2, What: "a mask has %d values, 0 and 1", Optional: true},
		{Name: TokenTypes, Like: InputIDs, Values: tokenTypes, What: "there are %d token types", Optional: true},
		{Name: Labels, Like: InputIDs, Values: c.VocabSize, What: tokens},
	}}, nil
}
