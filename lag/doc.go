// Package lag studies landscape-aware growing of Transformers. A study
// pretrains a small model, grows it with every strategy of a pool, and trains
// each grown model on the same batches. It then measures how well the loss soon
// after growing predicts the final loss (Karp et al. 2024, arXiv 2406.02469).
//
// A [StudyConfig] determines a study; [Preset] returns ready ones. [Open]
// checks the configuration, and [Study.Run] computes the result:
//
//	study, err := lag.Open(config, lag.Options{})
//	result, err := study.Run(ctx)
//
// If a candidate diverges, or the device fails in it, that is an outcome with a
// [result.Status], not an error. The same holds for a control, which is a
// training from scratch for comparison.
//
// [Study.Select] lets a rule of package selection pick a strategy during
// training, and trains only what the rule asks for. [Stack] grows a model from
// scratch in stages, with a strategy picked at each stage, and compares this
// with other ways at equal FLOPs. [Train] trains one model.
//
// Any number of processes share a study: [Options].Workers starts some on this
// machine, and [Study.Join] makes a process one of many that come and go, also on
// other machines; [JoinStacking] does so for a stacking.
//
// All results are kept in the study's directory. Each training run has a
// directory there, named by the hash of its configuration. Running a complete
// study again therefore returns at once, and an interrupted study continues
// where it stopped.
//
// The definitions of lag time, regret and the selection rules are this
// project's own, not the paper's.
package lag
