// Package preview shows the examples that an objective makes from a text: which
// tokens are masked, replaced or kept, which span a sentinel stands for, what
// is predicted and what is padding.
//
// [Examples] makes a few examples of any objective. [MLM], [EncoderDecoder] and
// [Decoder] convert the rows of a batch. [Text] writes examples to a terminal;
// [HTML] returns an HTML fragment for a notebook.
package preview
