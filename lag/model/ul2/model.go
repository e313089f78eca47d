package ul2

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// Loss returns the cross-entropy of the decoder's predictions and, if z_loss is
// set, z_loss·log(Z)² of the predicted tokens, see [transformer.ZLoss].
func (c Config) Loss(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) []transformer.Term {
	var encoded_BxLinxH *Node
	if c.Form == EncoderDecoder {
		encoded_BxLinxH = c.Encode(w, in, mode)
	}
	logits := c.Logits(w, c.Decode(w, in, encoded_BxLinxH, mode))
	labels, weights := c.input(in, Labels), c.input(in, WeightsName)
	N := labels.Shape().Size()
	logits_NxV, weights_N := Reshape(logits, N, c.VocabSize), Reshape(weights, N)

	loss, predicted := mode.CrossEntropy(logits_NxV, Reshape(labels, N), weights_N)
	terms := []transformer.Term{{Name: "lm", Sum: loss, Count: predicted}}
	if c.ZLoss > 0 {
		z := MulScalar(transformer.ZLoss(logits_NxV, weights_N), c.ZLoss)
		terms = append(terms, transformer.Term{Name: "z_loss", Sum: z, Count: predicted})
	}
	return terms
}

// Encode returns the encoder's hidden states [B, Lin, H] of input_ids.
func (c Config) Encode(w transformer.Weights, in transformer.Inputs, mode transformer.Mode) *Node {
	tokens := c.input(in, InputIDs)
	L := tokens.Shape().Dimensions[1]
	bias := c.relativeBias(true).Bias(w.Get("encoder.relative_attention_bias.weight"), L, L)
	if mask := in[AttentionMask]; mask != nil {
		bias = transformer.SumBiases(bias, transformer.PaddingBias(mask))
	}
	x := c.embed(w, tokens, mode)
	for i := range c.EncoderLayers {
		w := w.In(encoderPrefix, i, ".layer")
		x = c.block(x, mode, i, func(x *Node) *Node {
			x = c.selfAttention(w.In(0), x, bias, mode)
			return c.feedForward(w.In(1), x, mode)
		})
	}
	return c.finish(w.In("encoder"), x, mode)
}

// Decode returns the decoder's hidden states [B, Lt, H]. With an encoder, they
// are those of decoder_input_ids, which attend to encoded [B, Lin, H]. In the
// decoder forms encoded is nil, and they are those of input_ids.
func (c Config) Decode(w transformer.Weights, in transformer.Inputs, encoded *Node, mode transformer.Mode) *Node {
	cross := c.Form == EncoderDecoder
	name := InputIDs
	if cross {
		name = DecoderInputIDs
	}
	tokens := c.input(in, name)
	bias := c.decoderBias(w, in, tokens.Graph(), tokens.Shape().Dimensions[1])
	var padding *Node // of the encoder's sequence
	if mask := in[AttentionMask]; mask != nil && cross {
		padding = transformer.PaddingBias(mask)
	}
	x := c.embed(w, tokens, mode)
	for i := range c.DecoderLayers {
		w := w.In(decoderPrefix, i, ".layer")
		x = c.block(x, mode, c.EncoderLayers+i, func(x *Node) *Node {
			x = c.selfAttention(w.In(0), x, bias, mode)
			if !cross {
				return c.feedForward(w.In(1), x, mode)
			}
			x = c.crossAttention(w.In(1), x, encoded, padding, mode)
			return c.feedForward(w.In(2), x, mode)
		})
	}
	return c.finish(w.In("decoder"), x, mode)
}

// Logits is the head. It maps hidden states [..., H] to logits [..., V] in
// float32. If the head is tied to the embeddings, it first scales by H^-½,
// because embeddings are H^½ times as large as the weights of a separate head
// (mesh_tensorflow, transformer/vocab_embeddings.py, hidden_to_logits), unless
// [HeadScale] says otherwise.
func (c Config) Logits(w transformer.Weights, hidden *Node) *Node {
	head := w.In("lm_head")
	if c.TieEmbeddings {
		head = w.In("shared")
	}
	if c.scalesHead() {
		hidden = MulScalar(hidden, 1/math.Sqrt(float64(c.HiddenSize)))
	}
	return transformer.Logits(hidden, head.Get("weight"))
}

// relativeBias returns a stack's bias for relative positions. If tokens may
// attend to later ones, the two directions have different buckets. In a prefix
// LM only the prefix uses the buckets of later tokens. Mesh TensorFlow does the
// same (transformer/transformer_layers.py, SelfAttention.compute_bias:
// bidirectional = not fully_autoregressive, which is false for a decoder with
// input_full_attention).
func (c Config) relativeBias(bidirectional bool) transformer.RelativeBias {
	return transformer.RelativeBias{Buckets: c.RelativeBuckets, MaxDistance: c.RelativeMaxDistance, Bidirectional: bidirectional}
}

// decoderBias returns the relative positions and masks of the decoder's
// self-attention, broadcastable to [B, A, L, L].
func (c Config) decoderBias(w transformer.Weights, in transformer.Inputs, g *Graph, L int) *Node {
	relative := c.relativeBias(c.Form == PrefixLM).Bias(w.Get("decoder.relative_attention_bias.weight"), L, L)
	var masks []*Node
	if c.Form == PrefixLM {
		masks = append(masks, transformer.PrefixBias(c.input(in, PrefixLengths), L))
	} else {
		masks = append(masks, transformer.CausalBias(g, L))
	}
	if c.Form != EncoderDecoder {
		if lengths := in[Lengths]; lengths != nil {
			masks = append(masks, transformer.LengthBias(lengths, L))
		}
		if segments := in[Segments]; segments != nil {
			masks = append(masks, transformer.SegmentBias(segments))
		}
	}
	return transformer.SumBiases(append(masks, relative)...)
}

// embed returns the embeddings [B, L, H] of tokens [B, L]. Encoder and decoder
// share them.
func (c Config) embed(w transformer.Weights, tokens *Node, mode transformer.Mode) *Node {
	x := Gather(w.Get("shared.weight"), InsertAxes(tokens, -1))
	return mode.Dropout.Apply(ConvertDType(x, c.Precision.DType()), c.Dropout)
}

// block runs one layer of a stack and applies its gate. layer counts over both
// stacks.
func (c Config) block(x *Node, mode transformer.Mode, layer int, f func(x *Node) *Node) *Node {
	y := transformer.Remat(x, c.GradientCheckpointing, f)
	if g := mode.Gate(layer); g != nil {
		y = transformer.Gate(g, x, y)
	}
	return y
}

// finish normalizes a stack's output.
func (c Config) finish(w transformer.Weights, x *Node, mode transformer.Mode) *Node {
	return mode.Dropout.Apply(c.norm(w.In("final_layer_norm"), x), c.Dropout)
}

func (c Config) norm(w transformer.Weights, x *Node) *Node {
	return transformer.RMSNorm(w, x, c.NormEpsilon)
}

// selfAttention returns x + attention(norm(x)).
func (c Config) selfAttention(w transformer.Weights, x, bias *Node, mode transformer.Mode) *Node {
	y := c.norm(w.In("layer_norm"), x)
	return Add(x, c.attention(w.In("SelfAttention"), y, y, bias, mode))
}

// crossAttention returns x + attention(norm(x), encoded). It does not depend on
// positions.
func (c Config) crossAttention(w transformer.Weights, x, encoded, padding *Node, mode transformer.Mode) *Node {
	y := c.norm(w.In("layer_norm"), x)
	return Add(x, c.attention(w.In("EncDecAttention"), y, encoded, padding, mode))
}

// attention returns the attention of x [B, Lq, H] to memory [B, Lk, H], of
// shape [B, Lq, H].
func (c Config) attention(w transformer.Weights, x, memory, bias *Node, mode transformer.Mode) *Node {
	context_BxLqxI := transformer.Attention(
		transformer.Linear(w.In("q"), x),
		transformer.Linear(w.In("k"), memory),
		transformer.Linear(w.In("v"), memory),
		transformer.AttentionOptions{Heads: c.Heads, Scale: 1, Bias: bias, Dropout: mode.Dropout, DropoutRate: c.Dropout})
	return mode.Dropout.Apply(transformer.Linear(w.In("o"), context_BxLqxI), c.Dropout)
}

// feedForward returns x + feed-forward(norm(x)).
func (c Config) feedForward(w transformer.Weights, x *Node, mode transformer.Mode) *Node {
	gate := transformer.GeluTanh
	if c.Activation == GatedSilu {
		gate = transformer.Silu
	}
	y := c.norm(w.In("layer_norm"), x)
	y = transformer.GatedFeedForward(w.In("DenseReluDense"), y, gate, mode.Dropout, c.Dropout)
	return Add(x, mode.Dropout.Apply(y, c.Dropout))
}
