// Package transformer provides the blocks that BERT and UL2 share: declarations
// of parameters, and functions that add a block to a GoMLX graph.
//
// A model is declared twice on purpose. As data it is a list of [Param]: names,
// shapes, initializers, weight decay. Checkpoints, growth, optimizers and
// parameter counts use this list without a graph. As computation it is a
// function of [Weights], the graph nodes of the parameters by name. Names are
// those of Hugging Face's checkpoints.
//
// Letters in shape comments: B batch, L sequence length, H hidden size,
// A attention heads, D head size (H = A*D), F feed-forward size, V vocabulary
// size, P predictions in a sequence.
package transformer
