// Package transformer holds the blocks that BERT and UL2 share: parameter
// declarations, and plain functions that add a block to a GoMLX graph.
//
// A model is declared twice, on purpose. As data, it is a list of [Param]:
// names, shapes, initializers, weight decay. That list is what checkpoints,
// growth, optimizers and parameter counts work on, without a graph. As
// computation, it is a function over [Weights], the graph nodes of those
// parameters by name. Names follow the Hugging Face checkpoints.
//
// Letters in shape comments: B batch, L sequence length, H hidden size,
// A attention heads, D head size (H = A*D), F feed-forward size, V vocabulary
// size, P predictions a sequence.
package transformer
