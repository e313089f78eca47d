// Package growth makes Transformer models deeper. It defines growth strategies
// and applies them to a model's state.
//
// A [Strategy] consists of a layer map, an initialization of duplicates, a
// policy for the optimizer's moments, and options for the training after
// growing: learning-rate re-warm-up, a restarted schedule, and steps that train
// only added layers. The [Map] holds, for each layer of the grown stack, the
// index of its source layer, or [New]. The same map applies to parameters and
// moments. Everything outside the stack (embeddings, final norm, heads, tables
// that all layers share) is copied.
//
// The first use of a source layer, from the bottom of the grown stack, is the
// original and never changes. Every later use is a duplicate, and [Init]
// determines its values. So the duplicates of [0 1 2 0 1 2] are the upper three
// layers, and those of [0 0 1 1 2 2] have odd indices. In [2 0 1 2] the
// duplicate is the last layer, although layer 2 was the last layer of the
// source (see [Map.KeepsOrder]).
//
// There is a file for each family of strategies, with its formula and source at
// the top. [Custom] makes a strategy from a layer map. [DefaultPool] returns
// the strategies for a first study, [NewPool] with [Options].Wide returns all.
// A strategy for a model with two stacks holds both maps; [Strategy.PerStack]
// splits it and [NewPoolFor] returns pools of such strategies.
//
// Depths are numbers of layers. The package is pure Go and works on named
// float32 tensors in host memory.
package growth
