package bert

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Parameters returns the model's parameters in a fixed order. They have the
// names of Hugging Face's BertForMaskedLM or, with the next-sentence head, of
// BertForPreTraining; pre-norm models have those of MegatronBertForMaskedLM and
// MegatronBertForPreTraining. The output embeddings are the word embeddings and
// are not listed separately. bert.encoder.relative_attention_bias.weight does
// not occur in Hugging Face's models.
func (c Config) Parameters() []transformer.Param {
	var list []transformer.Param
	normal := transformer.TruncatedNormal(c.InitializerRange)
	weight := func(name string, init transformer.Initializer, shape ...int) {
		list = append(list, transformer.Param{Name: name + ".weight", Shape: shape, Init: init, Decay: true})
	}
	bias := func(name string, size int) {
		list = append(list, transformer.Param{Name: name + ".bias", Shape: []int{size}, Init: transformer.ZeroInit})
	}
	dense := func(name string, inputs, outputs int) {
		weight(name, normal, outputs, inputs)
		bias(name, outputs)
	}
	norm := func(name string) {
		list = append(list, transformer.Param{Name: name + ".weight", Shape: []int{c.HiddenSize}, Init: transformer.OneInit})
		bias(name, c.HiddenSize)
	}

	weight("bert.embeddings.word_embeddings", normal, c.VocabSize, c.HiddenSize)
	switch c.Positions {
	case Learned:
		weight("bert.embeddings.position_embeddings", normal, c.MaxPositions, c.HiddenSize)
	case Sinusoidal:
		weight("bert.embeddings.position_embeddings", transformer.Sinusoids(c.InitializerRange), c.MaxPositions, c.HiddenSize)
	case Relative:
		weight("bert.encoder.relative_attention_bias", normal, relativeBias.Buckets, c.Heads)
	}
	weight("bert.embeddings.token_type_embeddings", normal, tokenTypes, c.HiddenSize)
	if !c.PreNorm {
		norm("bert.embeddings.LayerNorm")
	}
	for i := range c.Layers {
		layer := fmt.Sprint(stackPrefix, i)
		dense(layer+".attention.self.query", c.HiddenSize, c.HiddenSize)
		dense(layer+".attention.self.key", c.HiddenSize, c.HiddenSize)
		dense(layer+".attention.self.value", c.HiddenSize, c.HiddenSize)
		dense(layer+".attention.output.dense", c.HiddenSize, c.HiddenSize)
		if c.PreNorm {
			norm(layer + ".attention.ln")
		} else {
			norm(layer + ".attention.output.LayerNorm")
		}
		dense(layer+".intermediate.dense", c.HiddenSize, c.IntermediateSize)
		dense(layer+".output.dense", c.IntermediateSize, c.HiddenSize)
		if c.PreNorm {
			norm(layer + ".ln")
		} else {
			norm(layer + ".output.LayerNorm")
		}
	}
	if c.PreNorm {
		norm(finalNorm)
	}
	if c.NextSentence {
		dense(pooler, c.HiddenSize, c.HiddenSize)
		dense("cls.seq_relationship", c.HiddenSize, 2)
	}
	dense("cls.predictions.transform.dense", c.HiddenSize, c.HiddenSize)
	norm("cls.predictions.transform.LayerNorm")
	bias("cls.predictions", c.VocabSize)
	return list
}

// ParameterCount returns the number of trainable numbers of the model:
// embeddings, encoder and heads. Word embeddings count once; the pooler counts
// only with the next-sentence head.
func (c Config) ParameterCount() int { return transformer.Count(c.Parameters()) }

// EncoderParameterCount returns the number of parameters of embeddings, encoder
// and pooler without the heads, as in Hugging Face's BertModel. Published sizes
// are often counted in this way: 109,482,240 for BERT-Base.
func (c Config) EncoderParameterCount() int {
	n := 0
	c.NextSentence = true
	for _, p := range c.Parameters() {
		if strings.HasPrefix(p.Name, "bert.") {
			n += p.Size()
		}
	}
	return n
}

// Head returns the names of the parameters of the heads, as package train's Headed asks. The
// output embeddings are the word embeddings and do not count.
func (c Config) Head() []string {
	var names []string
	for _, p := range c.Parameters() {
		if strings.HasPrefix(p.Name, headPrefix) || strings.HasPrefix(p.Name, pooler) {
			names = append(names, p.Name)
		}
	}
	return names
}
