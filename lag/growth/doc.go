// Package growth describes how a Transformer stack is made deeper, and does it
// to a model's state.
//
// A [Strategy] is a layer map, an initialization of duplicates, a policy for the
// optimizer's moments, and how training goes on: learning-rate re-warm-up, a
// schedule begun anew, layers that are trained before the others. The [Map] holds, for each layer of the grown
// stack, the index of its source layer, or [New]; one map is applied to
// parameters and moments alike. Everything outside the stack (embeddings,
// final norm, heads, tables that all layers share) is copied as it is.
//
// The first use of a source layer, in the order of the grown stack from the
// bottom, is the original and is never altered. Every later use is a
// duplicate, and [Init] says what becomes of it. [0 1 2 0 1 2] therefore has
// its duplicates on top, [0 0 1 1 2 2] at the odd places, and in [2 0 1 2] the
// duplicate is the last layer although it stands where layer 2 stood before
// (see [Map.KeepsOrder]).
//
// The strategies lie in one file for each family, with formula and source at
// the top; [Custom] makes one of a map literal, [DefaultPool] joins what a
// first study needs, [NewPool] with [Options].Wide all of them. Of a model with
// two stacks a strategy holds both maps: [Strategy.PerStack] makes one for each,
// [NewPoolFor] pools of them.
//
// Depths are counted in layers. The package is pure Go and knows nothing of
// devices or graphs: it works on named float32 tensors on the host.
package growth
