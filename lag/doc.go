// Package lag is landscape-aware growing of Transformers, as a study: pretrain
// a small model, grow it in every way of a pool of strategies, train each for a
// while on the same batches, and ask how well the loss early after growing
// foretells the loss at the end (Karp et al. 2024, arXiv 2406.02469).
//
// A [StudyConfig] says all that determines a study; [Preset] gives ready ones. A
// [Study] is opened from it, and then brought to its [result.Study]:
//
//	study, err := lag.Open(config, lag.Options{})
//	result, err := study.Run(ctx)
//
// A candidate that diverges, or in which the device fails, is an outcome with a
// [result.Status], as is a [result.Control], a training from scratch to compare with.
//
// [Study.Select] lets a rule of package selection pick live, training only what
// the rule asks for. [Stack] grows a model from scratch in stages, with a strategy
// picked at each, beside others at equal FLOPs. [Train] trains one model.
//
// Everything that was computed lies in the study's directory, each training run
// under the hash of its configuration. So asking again returns at once, and a
// study that was interrupted goes on where it was.
//
// The definitions of lag time, regret and the selection rules are this
// project's own, not the paper's.
package lag
