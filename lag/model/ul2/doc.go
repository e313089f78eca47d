// Package ul2 is the UL2 family of denoising language models (Tay et al. 2023,
// arXiv 2205.05131): T5 v1.1's blocks as an encoder-decoder, as a prefix-LM
// decoder and as a causal decoder. Configuration, parameters and loss.
//
// The blocks are those of Raffel et al. 2020 (arXiv 1910.10683) as T5 v1.1
// changed them (Shazeer 2020, arXiv 2002.05202: gated feed-forward networks):
// root-mean-square normalization before each branch, no biases, attention
// scores without 1/√D, a table of relative position biases for each stack, an
// output projection of its own.
//
// Shape comments use the letters of package transformer, and Lin and Lt for the
// lengths of the encoder's and the decoder's sequence, I for A·D, which need not be H.
package ul2
