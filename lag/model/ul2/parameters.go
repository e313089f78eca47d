package ul2

import (
	"fmt"
	"math"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Parameters returns the model's parameters in a fixed order. They have the
// names of Hugging Face's T5ForConditionalGeneration, except the tables of
// relative position biases. All layers share a table, so it is outside the
// stacks that grow; Hugging Face keeps it in block 0's SelfAttention.
//
// Initial weights are T5's: normally distributed with a standard deviation of
//
//	embeddings                       1
//	q                                (H·D)^-½, which stands for the scores' missing 1/√D
//	k, v, wi_0, wi_1, relative bias  H^-½
//	o                                (A·D)^-½
//	wo                               F^-½
//	lm_head                          H^-½
//
// all multiplied by initializer_factor (mesh_tensorflow, layers.py, dense and
// embedding_weights, and transformer/attention.py, AttentionParams;
// transformers, modeling_t5.py, T5PreTrainedModel._init_weights). For lm_head,
// transformers has 1: logits would start with a standard deviation of √H, and
// the loss far above ln V. Mesh TensorFlow's dense layer has H^-½ there too.
//
// Weight decay applies to all parameters except the normalization's scales.
func (c Config) Parameters() []transformer.Param {
	var list []transformer.Param
	H, F, I := c.HiddenSize, c.IntermediateSize, c.Heads*c.HeadSize

	normal := func(name string, variance float64, shape ...int) {
		init := transformer.Normal(c.InitializerFactor * math.Sqrt(variance))
		list = append(list, transformer.Param{Name: name + ".weight", Shape: shape, Init: init, Decay: true})
	}
	norm := func(name string) {
		init := transformer.Constant(c.InitializerFactor)
		list = append(list, transformer.Param{Name: name + ".weight", Shape: []int{H}, Init: init})
	}
	inverse := func(n int) float64 { return 1 / float64(n) }

	attention := func(layer, name string) {
		normal(layer+name+".q", inverse(H*c.HeadSize), I, H)
		normal(layer+name+".k", inverse(H), I, H)
		normal(layer+name+".v", inverse(H), I, H)
		normal(layer+name+".o", inverse(I), H, I)
		norm(layer + "layer_norm")
	}
	feedForward := func(layer string) {
		normal(layer+"DenseReluDense.wi_0", inverse(H), F, H)
		normal(layer+"DenseReluDense.wi_1", inverse(H), F, H)
		normal(layer+"DenseReluDense.wo", inverse(F), H, F)
		norm(layer + "layer_norm")
	}
	stack := func(name, prefix string, depth int, cross bool) {
		normal(name+".relative_attention_bias", inverse(H), c.RelativeBuckets, c.Heads)
		for i := range depth {
			layer := fmt.Sprint(prefix, i, ".layer.")
			attention(layer+"0.", "SelfAttention")
			if cross {
				attention(layer+"1.", "EncDecAttention")
				feedForward(layer + "2.")
			} else {
				feedForward(layer + "1.")
			}
		}
		norm(name + ".final_layer_norm")
	}

	normal("shared", 1, c.VocabSize, H)
	if c.Form == EncoderDecoder {
		stack("encoder", encoderPrefix, c.EncoderLayers, false)
	}
	stack("decoder", decoderPrefix, c.DecoderLayers, c.Form == EncoderDecoder)
	if !c.TieEmbeddings {
		normal("lm_head", inverse(H), c.VocabSize, H)
	}
	return list
}

// ParameterCount returns the number of trainable numbers of the model. Tied
// embeddings count once.
func (c Config) ParameterCount() int { return transformer.Count(c.Parameters()) }

// Head returns the names of the parameters of the head, as package train's Headed asks: none if
// it is tied to the embeddings.
func (c Config) Head() []string {
	if c.TieEmbeddings {
		return nil
	}
	return []string{t5Head}
}
