// Package engine trains: it opens a backend and prepares data, keeps one compiled
// program for each model, and brings runs to the steps at which they are wanted.
//
// A [Spec] says all that determines a run, and its hash names the run's
// directory. A [Run] of a [Session] knows the run that it grows from, so that
// asking for a candidate trains its source first. [Session.Do] carries out jobs,
// each a sequence of demands for runs; other processes at the same directory
// take part. A [Scheduler] says which processes those are.
//
// The words of studies, stackings and trainings are package lag's.
package engine
