// Package engine trains runs. It opens a backend, prepares data, compiles one
// program for each model, and trains runs to the requested steps.
//
// A [Spec] is everything that determines a run; its hash is the name of the
// run's directory. A [Run] of a [Session] knows the run that it grows from, so
// training a candidate first trains its source. [Session.Do] carries out jobs,
// each of which requests runs; other processes on the same directory share the
// work. A [Scheduler] determines these processes.
//
// Studies, stackings and trainings are defined in package lag.
package engine
