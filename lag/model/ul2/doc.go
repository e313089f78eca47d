// Package ul2 implements the UL2 family of denoising language models (Tay et
// al. 2023, arXiv 2205.05131): T5 v1.1's blocks as an encoder-decoder, a
// prefix-LM decoder or a causal decoder. It contains configuration, parameters
// and loss.
//
// The blocks are those of Raffel et al. 2020 (arXiv 1910.10683) with the
// changes of T5 v1.1 (Shazeer 2020, arXiv 2002.05202: gated feed-forward
// networks): root-mean-square normalization before each branch, no biases,
// attention scores without 1/√D, a table of relative position biases for each
// stack, and a separate output projection.
//
// Shape comments use the letters of package transformer, Lin and Lt for the
// lengths of the encoder's and the decoder's sequence, and I for A·D, which
// need not be H.
package ul2
