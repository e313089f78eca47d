// Package cluster has the work of a study or a stacking done by an engine that
// people already run: Slurm or Kubernetes.
//
// [Start] submits N identical workers, never a job a candidate. Each worker is the
// command lag, takes the runs that no other holds, and ends when none is left. The
// locks of the directory are the scheduler, so the engine need not know what a
// study is. When the workers have ended, the plain command makes the analysis and
// the report.
//
// What was submitted is recorded in the directory, in [Dir]. So [Start] submits
// only what is missing, and [Look] and [Cancel] need only the directory.
//
// An engine is a value of its settings, such as [Slurm]. What it will submit is a
// text that depends on nothing else, see [Describe].
package cluster
