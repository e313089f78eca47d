// Package preview shows what an objective makes of a text: which tokens are
// masked, replaced or kept, which span a sentinel stands for, what is to be
// predicted, what is padding.
//
// [Examples] makes a few examples of any objective, and [MLM], [EncoderDecoder]
// and [Decoder] take the rows of a batch. [Text] writes them for a terminal,
// [HTML] makes a fragment for a notebook.
package preview
