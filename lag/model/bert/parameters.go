package bert

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Parameters declares the model's parameters, in a fixed order. Their names are
// those of Hugging Face's BertForMaskedLM, and of BertForPreTraining with the
// next-sentence head; of MegatronBertForMaskedLM and MegatronBertForPreTraining
// if pre-norm. The output embeddings are the word embeddings and have no name
// of their own. bert.encoder.relative_attention_bias.weight is ours.
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

// ParameterCount is the number of trainable numbers of the model: embeddings,
// encoder and heads, the word embeddings once, the pooler only with the
// next-sentence head.
func (c Config) ParameterCount() int { return transformer.Count(c.Parameters()) }

// EncoderParameterCount is the number of parameters of embeddings, encoder and
// pooler without the heads, as Hugging Face's BertModel has them and as a
// model's published size is often counted: 109,482,240 for BERT-Base.
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
